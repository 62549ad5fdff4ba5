/* worker.h - the process that looks into one message, and ends. */
#pragma once

#include "filter/attachment-classes.h"

/**
 * pf_worker_run:
 * @request: what came
 * @extensions: NULL-terminated
 *
 * In a forked child, with the message at PF_MESSAGE_FD and the answer's pipe at PF_ANSWER_FD.
 */
G_NORETURN void pf_worker_run (const PfAttachmentRequest *request, const char *const *extensions);
