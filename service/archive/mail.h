/* mail.h - a message, part by part: the one that is looked into, and those in archives. */
#pragma once

#include "archive/examination.h"

typedef struct _PfMail PfMail;

PfMail *pf_mail_new  (PfExamination *examination);
void    pf_mail_feed (PfMail *self, const guint8 *data, gsize length);
/* The message ended: what is in its parts is looked into, and @self freed. */
void    pf_mail_end  (PfMail *self);

/* All at once. */
void     pf_mail_examine      (PfExamination *examination, const guint8 *data, gsize length);
/* A text without a header, for the files that stand uuencoded in it. */
void     pf_mail_examine_text (PfExamination *examination, const guint8 *data, gsize length);
gboolean pf_mail_has_uuencoded (const guint8 *data, gsize length);
