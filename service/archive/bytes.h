/* bytes.h - numbers out of octets, the low one first; the caller has looked at the length. */
#pragma once

#include <glib.h>

static inline guint
pf_u16 (const guint8 *at)
{
  return at[0] | (guint) at[1] << 8;
}

static inline guint32
pf_u32 (const guint8 *at)
{
  return at[0] | (guint32) at[1] << 8 | (guint32) at[2] << 16 | (guint32) at[3] << 24;
}

static inline guint64
pf_u64 (const guint8 *at)
{
  return pf_u32 (at) | (guint64) pf_u32 (at + 4) << 32;
}
