/* account-name.h - what an account's file and object are called. Pure. */
#pragma once

#include <glib.h>

#define PF_ACCOUNT_FILE_SUFFIX ".account"
/* A file system allows 255 octets; while a file is replaced its new name is seven longer. */
#define PF_ACCOUNT_FILE_NAME_LENGTH 248

/* TRUE for what is read from accounts.d: editors' backups and hidden files are not. */
gboolean pf_account_file_is_one (const char *file_name);

/* (transfer full): the account that a file is told as, whatever its name: the address in lower case
 * where it is the name of one, else what comes nearest. Text of one line. */
char *pf_account_file_guess (const char *file_name);

/* (transfer full): "/org/postferry1/account/HEX". */
char *pf_account_object_path (const char *id);
