/* attachments-answer.h - the answer of postferry-archive, which may be anything: pure. */
#pragma once

#include "filter/attachments.h"

typedef enum
{
  PF_ATTACHMENT_ANSWER_NONE,   /* not even begun: there was no process */
  PF_ATTACHMENT_ANSWER_BROKEN, /* begun, and no answer by its grammar */
  PF_ATTACHMENT_ANSWER_UNREADABLE, /* the message is not there */
  PF_ATTACHMENT_ANSWER_WHOLE
} PfAttachmentAnswer;

/* @result: gets the findings of an answer that is whole. */
PfAttachmentAnswer  pf_attachment_answer_read (const char *text, gsize length,
                                               PfAttachmentResult *result);
PfAttachmentResult *pf_attachment_result_new  (void);
/* @name, @path, @detail are copied. */
void pf_attachment_result_add (PfAttachmentResult *self, PfAttachmentClass class, const char *name,
                               const char *path, const char *detail);
