/* search.h - is a message of an earlier try there already? Only records in doubt make us look. In a
 * child only. */
#pragma once

#include "helper/maildir.h"

/**
 * pf_search_folder:
 * @mails: of one folder
 * @found: (out): one for each mail: TRUE where new/ or cur/ has its file, whatever flags it has by
 * now
 *
 * A folder that cannot be read makes trouble for the mails in doubt.
 */
void pf_search_folder (PfMail **mails, gsize n, const PfMailFolder *folder, gboolean *found);
