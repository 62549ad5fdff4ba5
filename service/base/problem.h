/* problem.h - what can go wrong with an account: one code, one sentence.
 *
 * Every layer that talks to the outside reports its failures as a GError of domain PF_PROBLEM: the
 * code is the account's problem, the message is the sentence an administrator reads. It tells the
 * mend, names no secret, and holds text from the network only after pf_text_printable().
 */
#pragma once

#include <glib.h>

typedef enum
{
  PF_PROBLEM_CONNECTION_FAILED,
  PF_PROBLEM_TIMED_OUT,
  PF_PROBLEM_SERVER_BUSY,
  PF_PROBLEM_PROTOCOL_ERROR,
  PF_PROBLEM_TLS_FAILED,
  PF_PROBLEM_LIMIT_EXCEEDED,
  PF_PROBLEM_DISK_LOW,
  PF_PROBLEM_DELIVERY_DEFERRED,
  PF_PROBLEM_SCANNER_UNAVAILABLE,
  PF_PROBLEM_CREDENTIALS_REJECTED,
  PF_PROBLEM_AUTHORIZATION_EXPIRED,
  PF_PROBLEM_CERTIFICATE_UNTRUSTED,
  PF_PROBLEM_TLS_UNAVAILABLE,
  PF_PROBLEM_MECHANISM_UNAVAILABLE,
  PF_PROBLEM_RECIPIENT_UNKNOWN,
  PF_PROBLEM_RECIPIENT_OVER_QUOTA,
  PF_PROBLEM_SETTINGS_INVALID,
  PF_PROBLEM_FOLDER_MISSING,
  PF_PROBLEM_NO_SECRET,
  PF_PROBLEM_SECRETS_UNAVAILABLE,
  PF_PROBLEM_REMOVAL_SUSPENDED,
  PF_PROBLEM_MESSAGE_STUCK,
  PF_PROBLEM_N_CODES
} PfProblemCode;

/* What an account does while it has the problem (DESIGN 7). */
typedef enum
{
  PF_PROBLEM_CLASS_RETRYING, /* transient: tried again with back-off */
  PF_PROBLEM_CLASS_ON_HOLD,  /* only a person can mend it */
  PF_PROBLEM_CLASS_IDLE      /* told, but checks go on as scheduled */
} PfProblemClass;

#define PF_PROBLEM (pf_problem_quark ())
GQuark         pf_problem_quark     (void);
/* "connection-failed" and so on: stable, part of the D-Bus interface. */
const char    *pf_problem_nick      (PfProblemCode code);
gboolean       pf_problem_from_nick (const char *nick, PfProblemCode *code);
PfProblemClass pf_problem_class     (PfProblemCode code);
