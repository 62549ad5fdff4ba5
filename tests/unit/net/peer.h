/* peer.h - for tests of net/: servers as processes, a channel's events gathered, dialing. */
#pragma once

#include "net/channel.h"

/* --- Processes of tests/servers --------------------------------------------------------------- */

typedef struct
{
  GSubprocess *process;
  GDataInputStream *output;
  guint16 port;
} Peer;

/* Starts tests/servers/@script with the arguments up to NULL, and waits until it listens. */
Peer *peer_new  (const char *script, ...) G_GNUC_NULL_TERMINATED;
/* (transfer full): the next line that it tells. */
char *peer_read (Peer *self);
/* Ends it. */
void  peer_free (Peer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peer, peer_free)

/* (transfer full): a file in a folder of this process, which clean_up() removes. */
char *scratch_path (const char *name);
/* (transfer full): "good" and so on of tests/servers/certificates.py, made at first use. */
char *certificate_path (const char *name);
/* (transfer full): "sha256:HEX" of it. */
char *certificate_pin  (const char *name);
void  clean_up (void);

/* --- A channel's events ----------------------------------------------------------------------- */

typedef struct
{
  PfChannel *channel;
  GString *received;
  guint drained, slices;
  gboolean closed;
  GError *error;
} Talk;

/* @channel: (transfer full); sets its handlers. */
Talk *talk_new  (PfChannel *channel);
void  talk_free (Talk *self);
void  talk_send (Talk *self, const char *text);
/* Turns the main loop until @text stands in what was received. */
void  talk_wait_for    (Talk *self, const char *text);
void  talk_wait_closed (Talk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Talk, talk_free)

/* Turns the main loop until @flag is TRUE; a test that waits in vain ends by meson's time-out. */
void wait_until (const gboolean *flag);
/* Turns it as long as there is anything to do at once. */
void turn_all (void);

/* --- Dialing ---------------------------------------------------------------------------------- */

PfEndpoint *endpoint_new (const char *host, guint16 port, PfSecurity security,
                          const char *certificate);
/* (transfer full) (nullable) */
PfChannel  *dial (PfEndpoint *endpoint, GError **error);
/* (transfer full): the error of a dial that must fail. */
GError     *dial_in_vain (PfEndpoint *endpoint);
