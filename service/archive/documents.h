/* documents.h - what the XML of Office documents tells of macros and passwords. */
#pragma once

#include "archive/examination.h"

/* Bits of PF_ATTACHMENT_OFFICE_MACRO and _ENCRYPTED_ARCHIVE; any text. */
guint pf_documents_xml_classes (const guint8 *data, gsize length);
void  pf_documents_examine_xml (PfExamination *examination, const char *name, const guint8 *data,
                                gsize length);
