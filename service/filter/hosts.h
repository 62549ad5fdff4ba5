/* hosts.h - whose a host is, by its name and by its address. */
#pragma once

#include <glib.h>

/* (transfer full) (nullable): the part of @name that somebody registered (example.co.uk), in lower
 * case; NULL where its top level is no public one, and for addresses. */
char *pf_host_registrable (const char *name);
/* TRUE when @name is @domain or lies below it; upper and lower case are the same. */
gboolean pf_host_is_below (const char *name, const char *domain);
/* (transfer full) (nullable): @text as an address in its one form; NULL when it is none. */
char *pf_host_canonical (const char *text);
/* TRUE for an address that a host of the Internet can have: none of RFC 6890's special ones. */
gboolean pf_host_is_public (const char *address);
/* TRUE when @address lies in @network, "192.0.2.0/24" or a single address. */
gboolean pf_host_is_in_network (const char *address, const char *network);
