#!/usr/bin/python3
"""Applies one-line changes of the product, each of which would lose or double mail or weaken a guard, and wants a test to fail for each.

usage: run.py [--all | --share N | NAME...]
Without --all those whose test is one of tests/crash/ or tests/peers/ are left out: each takes long. With --share an Nth of the others, another
one each day. That each mutant's line still stands is looked at in any case.
Works on a copy of the tree; needs what a build needs.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# name, file, what stands there, what the mutant has, the test that must see it
MUTANTS = [
    ('removes-what-was-never-delivered', 'service/retrieve/plan.c',
     'return row->state == PF_ROW_DELIVERED || row->state == PF_ROW_GONE;', 'return row->state != PF_ROW_SET_ASIDE;', 'retrieve-plan'),
    ('believes-a-known-name-of-another-size', 'service/retrieve/plan.c',
     'return row->size != listed->size;', 'return FALSE;', 'retrieve-plan'),
    ('believes-a-name-of-several', 'service/retrieve/plan.c', 'return listing->uidvalidity == 0\n         && (', 'return FALSE && (', 'retrieve-plan'),
    ('believes-a-name-that-was-removed', 'service/retrieve/plan.c', 'listing->uidvalidity == 0 && row->state == PF_ROW_GONE', 'FALSE', 'retrieve-plan'),
    ('fetches-what-was-there-before', 'service/retrieve/plan.c', 'if (row != NULL && is_recorded_one (listing, listed, row))',
     'if (FALSE && is_recorded_one (listing, listed, row))', 'retrieve-plan'),
    ('removes-what-was-marked-to-be-kept', 'service/retrieve/plan.c', '|| row->keep ||', '||', 'retrieve-plan'),
    ('one-row-stands-for-two-messages', 'service/retrieve/ledger.c', '&& !pf_ledger_is_taken (self, row))', ')', 'retrieve-plan'),
    ('refused-password-tried-for-ever', 'service/retrieve/login.c', '{ "AUTH", PF_PROBLEM_CREDENTIALS_REJECTED },',
     '{ "AUTH", PF_PROBLEM_SERVER_BUSY },', 'retrieve-choices'),
    ('quits-on-what-was-thrown-away', 'service/retrieve/fetch.c', '        self->uncommitted++;\n    }\n  if (self->limit', '        fetched += 0;\n    }\n  if (self->limit',
     'crash-oddities'),
    ('opens-a-mailbox-that-is-not-left', 'service/retrieve/session-leave.c', '  if (leaving != NULL)\n    g_ptr', '  if (FALSE)\n    g_ptr',
     'crash-oddities'),
    ('two-processes-make-one-folder', 'service/deliver/helper-turns.c', '             && is_settled (self, record));', ');', 'unit-helper-turns'),
    ('answers-before-the-command', 'service/protocol/pop3-answers.c', 'if (due == NULL || self->early)', 'if (due == NULL)', 'unit-protocol-pop3-ahead'),
    ('imap-challenges-without-end', 'service/protocol/imap-answers.c', 'if (++pending->challenges > PF_LIMIT_SASL_CHALLENGES)', 'if (FALSE)', 'talks-imap'),
    ('writes-over-what-a-hand-wrote', 'service/accounts/registry-write.c',
     'return exists ? pf_file_stamp_equal (&there, &self->known) : self->tries > 0;', 'return TRUE;', 'accounts-registry-writes'),
    ('writes-over-what-another-call-wrote', 'service/accounts/registry-write.c',
     'if (pf_account_get_settings (self->account) != self->base)', 'if (FALSE)', 'accounts-registry-writes'),
    ('more-accounts-than-allowed', 'service/bus/manager-accounts.c', 'accounts += count_adding (operation->bus, user);', '', 'unit-bus-adding'),
    ('more-connections-than-allowed', 'service/schedule/slots.c', 'line->waiting.length > 0 && line->used < most',
     'line->waiting.length > 0', 'schedule-slots'),
    ('tries-what-the-server-ended', 'service/schedule/patience.c', 'one->seconds = MAX (seconds * 3 / 4, SHORTEST_SECONDS);',
     'one->seconds = LONGEST_SECONDS;', 'schedule-patience'),
    ('one-key-for-every-password', 'service/retrieve/stretch.c', 'return memcmp (origin, one->origin, sizeof origin) == 0 ? pf_secret_ref (one->key) : NULL;',
     'return pf_secret_ref (one->key);', 'retrieve-stretch'),
    ('another-verdict-after-a-stop', 'service/retrieve/judge.c', '  keep_plan (message);\n  apply (message);\n}\n', '  apply (message);\n}\n',
     'crash-steps'),
    ('waits-anew-at-each-check', 'service/retrieve/judge.c', '  if (row->waiting == 0)\n', '', 'filter-way'),
    ('unscanned-at-once', 'service/filter/verdict.c', '         || (waiting_since != 0\n', '         || (waiting_since == 0\n', 'unit-verdict'),
    ('text-with-a-name-is-only-text', 'service/filter/bare-mail.c', 'part->names->len > 0\n      ||', 'FALSE\n      ||', 'unit-bare-mail'),
    ('a-program-in-text-is-only-text', 'service/filter/bare-mail.c', "if (data[i] < ' ' &&", 'if (FALSE &&', 'unit-bare-mail'),
    ('gives-up-where-the-disk-is-read-only', 'service/journal/journal.c', 'database == NULL && !g_error_matches (trouble, PF_PROBLEM, PF_PROBLEM_DISK_LOW)',
     'database == NULL', 'crash-disk'),
    ('a-piece-of-a-listing-is-all-of-it', 'service/retrieve/imap-listing.c', '  else if (!self->listing_void && ok && ask_for_more (self, event))\n    return;\n', '',
     'peers-providers'),
    ('half-a-stream-is-clean', 'service/protocol/clamd.c', 'gboolean whole = self->state == STATE_VERDICT && !self->early;',
     'gboolean whole = TRUE;', 'talks-clamd'),
    ('an-answer-that-began-early-is-clean', 'service/protocol/clamd.c', 'self->early = self->line->len > 0 || self->complete;',
     'self->early = FALSE;', 'talks-clamd'),
    ('a-virus-without-a-name-is-none', 'service/protocol/clamd.c', 'if (g_str_has_suffix (line->str, "FOUND"))',
     'if (g_str_has_suffix (line->str, "FOUND") && *line->str == \'s\' && line->len > 14)', 'talks-clamd'),
    ('no-action-is-an-action', 'service/filter/rspamd-answer.c', 'return g_strdup ("has no action");', 'return NULL;',
     'unit-rspamd-answer'),
    ('an-unknown-action-is-no-action', 'service/filter/rspamd-answer.c', 'answer->action = PF_RSPAMD_UNKNOWN;',
     'answer->action = PF_RSPAMD_NO_ACTION;', 'unit-rspamd-answer'),
    ('a-scanner-that-answered-may-be-absent', 'service/filter/scanner.c',
     'if (reason == PF_SCAN_UNREACHABLE && self->automatic && !self->known && !there)',
     'if (reason == PF_SCAN_UNREACHABLE && self->automatic && !there)', 'unit-scanner-parts'),
    ('a-line-of-anybody-in-the-request', 'service/filter/rspamd-request.c', "if (value[i] < ' ' || value[i] > '~')",
     "if (value[i] > '~')", 'unit-scanner-parts'),
    ('the-provider-is-taken-for-the-client', 'service/filter/rspamd-request.c',
     'ip != NULL ? "{" NO_GREYLISTING "}" : "{" NO_CLIENT NO_GREYLISTING "}"', '"{" NO_GREYLISTING "}"', 'unit-scanner-parts'),
    ('an-allowed-sender-skips-the-virus-check', 'service/filter/verdict.c', 'if (findings->virus == PF_OPINION_FOUND)',
     'if (findings->virus == PF_OPINION_FOUND && !is_spared (findings))', 'unit-verdict'),
    ('rspamd-speaks-against-the-verdict', 'service/filter/scan-lines.c', '      if (is_ours (header->name))\n', '      if (FALSE && is_ours (header->name))\n',
     'unit-scan-lines'),
    ('lines-without-end', 'service/filter/scan-lines.c', '      if (block->len > end)', '      if (FALSE && block->len > end)', 'unit-scan-lines'),
    ('a-forged-sender-is-let-in', 'service/filter/sender-rules.c', '  if (a_proof_failed (answer))', '  if (FALSE && a_proof_failed (answer))', 'unit-sender-rules'),
    ('one-mailbox-hides-behind-another', 'service/filter/sender-rules.c', 'entry == NULL && self->from[i] != NULL', 'entry == NULL && i < 1 && self->from[i] != NULL',
     'unit-sender-rules'),
    ('one-that-is-let-in-carries-another-along', 'service/filter/sender-rules.c', ' && self->from[1] == NULL)', ')', 'unit-sender-rules'),
    ('trouble-is-a-verdict', 'service/filter/verdict.c', 'if (!settled && is_held_up (findings))', 'if (FALSE)', 'unit-verdict'),
    ('walks-past-a-foreign-host', 'service/filter/envelope.c', 'if (step != STEP_INNER && step != STEP_RELAY)',
     'if (step != STEP_INNER && step != STEP_RELAY && step != STEP_END)', 'unit-envelope'),
    ('believes-a-private-gateway', 'service/filter/envelope.c', 'return end (self, "A gateway before the provider\'s server hides the address.");',
     'return STEP_INNER;', 'unit-envelope'),
    ('believes-a-script-on-the-server', 'service/filter/envelope.c', 'if (hop->local)', 'if (FALSE)', 'unit-envelope'),
    ('reads-two-addresses-as-one', 'service/protocol/received.c', 'g_ascii_strcasecmp (address, out->address) != 0', 'FALSE', 'unit-protocol-received'),
    # What is asked of a folder that was settled: too little, and mail never comes.
    ('a-poll-for-other-settings', 'service/retrieve/settled.c', 'strcmp (state->wanted, wanted) != 0)', 'FALSE)', 'retrieve-settled'),
    ('polls-for-ever', 'service/retrieve/settled.c', 'now - state->listed >= LIST_ALL_USECONDS', 'FALSE', 'retrieve-settled'),
    ('a-poll-when-removal-is-due', 'service/retrieve/settled.c', 'if (state->due != 0 && now >= state->due)', 'if (FALSE)', 'retrieve-settled'),
    ('a-poll-over-what-is-open', 'service/retrieve/settled.c', 'if (!is_open (row))', 'if (TRUE)', 'retrieve-settled'),
    ('a-poll-over-what-is-marked', 'service/retrieve/settled.c', 'return row->marked || ', 'return ', 'retrieve-settled'),
    ('a-poll-after-a-renumbering', 'service/retrieve/settled.c', 'return row->state != PF_ROW_GONE;', 'return FALSE;', 'retrieve-settled'),
    ('large-mail-is-settled', 'service/retrieve/settled.c', 'if (item->action == PF_PLAN_RECORD)',
     'if (item->action == PF_PLAN_RECORD || item->action == PF_PLAN_LARGE)', 'retrieve-settled'),
    ('what-the-limit-left-is-settled', 'service/retrieve/settled.c', 'if (item->action == PF_PLAN_RECORD)',
     'if (item->action == PF_PLAN_RECORD || item->action == PF_PLAN_LATER)', 'retrieve-settled'),
    ('what-is-set-aside-is-settled', 'service/retrieve/settled.c', 'if (item->action == PF_PLAN_RECORD)',
     'if (item->action == PF_PLAN_RECORD || item->action == PF_PLAN_STUCK)', 'retrieve-settled'),
    ('what-vanished-is-settled', 'service/retrieve/settled.c', 'if (item->row == NULL || is_open (item->row))\n    return FALSE;',
     'if (item->row == NULL)\n    return TRUE;\n  if (is_open (item->row))\n    return FALSE;', 'retrieve-settled'),
    ('what-failed-is-settled', 'service/retrieve/settled.c', 'item->row == NULL || is_open (item->row)', 'item->row == NULL', 'retrieve-settled'),
    ('what-was-not-removed-is-settled', 'service/retrieve/settled.c', 'item->row->state != PF_ROW_DELIVERED || !pf_plan_removal_due',
     'TRUE || !pf_plan_removal_due', 'retrieve-settled'),
    ('half-a-listing-is-settled', 'service/retrieve/settled.c', 'if (!listing->complete || ', 'if (', 'retrieve-settled'),
    ('no-uidvalidity-is-one', 'service/retrieve/settled.c', 'listing->uidvalidity == 0', 'FALSE', 'retrieve-settled'),
    ('believes-uidnext', 'service/retrieve/settled.c', 'state->next_uid = MAX (state->next_uid, item->listed->number + 1);',
     'state->next_uid = MAX (item->listed->number + 1, state->uidnext);', 'retrieve-settled'),
    ('forgets-the-removal-of-old-mail', 'service/retrieve/settled.c', 'state->due = before->due;', 'state->due = 0;', 'retrieve-settled'),
    ('a-copy-is-taken-for-what-is-not-listed', 'service/retrieve/plan.c', 'if (listing->from != 0)\n    take_unlisted', 'if (FALSE)\n    take_unlisted',
     'retrieve-settled'),
    ('a-late-check-settles-a-new-account', 'service/journal/folder-jobs.c', 'return account >= 0\n         && pf_database_run (\n',
     'return account >= 0 && pf_job_folder_seen (database, data, result, error)\n         && pf_database_run (\n', 'journal-ledger'),
    ('a-folder-of-another-uidvalidity', 'service/retrieve/imap-listing.c', 'if (selected->uidvalidity != settled->uidvalidity)', 'if (FALSE)',
     'peers-polls'),
    ('a-folder-that-went-backwards', 'service/retrieve/imap-listing.c', 'return selected->highestmodseq >= settled->highestmodseq;', 'return TRUE;',
     'peers-polls'),
    ('a-uidnext-that-went-backwards', 'service/retrieve/imap-listing.c', 'selected->uidnext < settled->uidnext || selected->uidnext < settled->next_uid',
     'FALSE', 'peers-polls'),
    ('a-count-that-does-not-add-up', 'service/retrieve/imap-listing.c', '(!ok || !adds_up (self))', '!ok', 'peers-polls'),
    ('asked-for-the-last-message', 'service/retrieve/imap-listing.c', 'event->uid < self->settled->next_uid', 'FALSE', 'peers-polls'),
    ('a-bomb-goes-off-at-once', 'service/net/channel-io.c', '&& turn < PF_LIMIT_INFLATE_TURN)', ')', 'unit-net-compress'),
    ('a-corrupt-stream-is-clean', 'service/net/deflate.c', 'return !self->broken;', 'return TRUE;', 'unit-net-compress'),
    ('octets-behind-the-end-are-clean', 'service/net/deflate.c', '(self->ended && self->in.avail_in > 0)', 'FALSE', 'unit-net-compress'),
    ('what-came-with-the-yes-is-lost', 'service/net/channel.c', 'pf_deflate_feed (self->deflate, data, length);',
     'pf_deflate_feed (self->deflate, data, 0);', 'unit-net-compress'),
    ('a-password-as-a-command', 'service/protocol/imap-commands.c', 'if (pending == NULL || !pending->owes_response)', 'if (pending == NULL)',
     'talks-imap'),
    ('compressed-octets-are-text', 'service/protocol/imap-answers.c', '&& !self->compress_done)', ')', 'talks-imap'),
    # Providers.
    ('one-session-of-many', 'service/retrieve/part.c', 'return !self->more;', 'return FALSE;', 'peers-providers'),
    ('sessions-beyond-the-limit', 'service/retrieve/part.c', '(self->limit > 0 && self->limit_left == 0) ||', '',
     'peers-providers'),
    ('hidden-is-renumbered', 'service/retrieve/plan.c', 'renumbered = !input->part && was', 'renumbered = was', 'peers-providers'),
    ('an-initial-response-for-all', 'service/protocol/pop3.c', ' && !self->two_steps', '', 'peers-providers'),
    ('guessed-sizes-are-believed', 'service/retrieve/imap-transfer.c', '->provider->estimates;', '->provider->estimates || TRUE;', 'peers-providers'),
    ('throttling-is-a-missing-folder', 'service/retrieve/session.c', '             ? PF_PROBLEM_SERVER_BUSY\n', '             ? otherwise\n',
     'peers-providers'),
    ('back-at-once-where-it-was-too-often', 'service/schedule/timing.c', '? MAX (seconds, provider->pause)', '? seconds', 'peers-providers'),
    ('the-address-is-the-name', 'service/accounts/providers.c', 'return g_strndup (address, (gsize) (at - address));', 'break;', 'accounts-providers'),
    ('data-before-settings', 'service/accounts/settings-rules.c', 'if ((settings->given & pf_setting_bit ("Interval")) == 0)', 'if (TRUE)',
     'accounts-providers'),
    ('gmail-only-archives', 'service/retrieve/imap-removal.c', 'if (!pf_session_get_info (SESSION (self))->provider->trash)', 'if (TRUE)',
     'peers-providers'),
    ('one-delivery-for-each-label', 'service/retrieve/recognise.c', 'if (row == NULL && check->labels', 'if (FALSE && check->labels', 'peers-providers'),
    ('all-mail-twice', 'service/retrieve/folders.c', '|| (glob && folder->skipped)', '', 'peers-providers'),
    ('plain-in-the-clear', 'service/retrieve/login.c', 'return pf_session_is_secure (session)', 'return TRUE', 'peers-providers'),
    ('plain-where-a-mechanism-is-named', 'service/retrieve/login.c', '&& g_ascii_strcasecmp (pf_session_get_info (session)->settings->authentication, "auto")\n                == 0;',
     ';', 'peers-providers'),
    ('plain-for-a-wrong-proof', 'service/retrieve/login.c', 'clear == NULL || login->cancelled || problem', 'clear == NULL || problem', 'peers-providers'),
    ('plain-where-scram-worked', 'service/retrieve/login.c', 'pf_fallback_set (info->settings, info->secret, PF_FALLBACK_NEVER);', ';', 'peers-providers'),
    ('refused-twice-each-time', 'service/retrieve/login.c', 'if (known != PF_FALLBACK_NONE)', 'if (FALSE)', 'peers-providers'),
    ('a-fallback-for-any-password', 'service/retrieve/fallback.c', 'memcmp (known->password, asked.password, HASH_LENGTH) == 0', 'TRUE',
     'retrieve-fallback'),
    ('parts-behind-the-end-are-none', 'service/protocol/mime.c', '  pop_to (self, index + 1);', '  pop_to (self, index + (last ? 0 : 1));',
     'unit-protocol-mime'),
    ('a-boundary-nobody-told-of-is-none', 'service/protocol/mime.c', 'if (self->candidate == NULL || self->frames->len == 0', 'if (TRUE',
     'unit-protocol-mime'),
    ('the-shorter-boundary-wins', 'service/protocol/mime.c', 'n > *found && n <= length - 2', '(*found == 0 || n < *found) && n <= length - 2',
     'unit-protocol-mime'),
    ('a-header-that-is-none-hides-a-part', 'service/protocol/mime.c', 'is_empty (data, length) && end_loose (self))', 'is_empty (data, length) && FALSE)',
     'unit-protocol-mime'),
    ('a-lone-return-hides-a-name', 'service/protocol/mime-fields.c', 'if (length > 0 && memchr (header', 'if (FALSE && memchr (header',
     'unit-protocol-mime'),
    ('parts-without-end', 'service/protocol/mime-parts.c', 'shared->parts < PF_LIMIT_MIME_PARTS && depth', 'depth', 'unit-protocol-mime'),
    ('parts-in-parts-without-end', 'service/protocol/mime-parts.c', ' && depth < PF_LIMIT_MIME_DEPTH)', ')', 'unit-protocol-mime'),
    # Attachments.
    ('a-double-extension-is-the-first', 'service/filter/attachment-names.c', 'dot = strrchr (part', 'dot = strchr (part', 'unit-attachment-names'),
    ('a-blank-behind-hides-the-extension', 'service/filter/attachment-names.c', '  trim_end (part);\n', '', 'unit-attachment-names'),
    ('a-blank-behind-hides-the-name', 'service/filter/attachment-names.c', '  trim_end (lower);\n', '', 'unit-attachment-names'),
    ('a-stream-s-name-hides-the-file', 'service/filter/attachment-names.c', 'g_strsplit (plain, ":", 8)', 'g_strsplit (plain, ":", 1)', 'unit-attachment-names'),
    ('half-an-answer-is-whole', 'service/filter/attachments-answer.c', '    return PF_ATTACHMENT_ANSWER_BROKEN;\n  for (guint', '    ;\n  for (guint',
     'unit-attachments-answer'),
    ('a-crash-is-clean', 'service/filter/attachments.c', 'pf_attachment_result_add (result, PF_ATTACHMENT_MALFORMED', 'if (FALSE) pf_attachment_result_add (result, 0',
     'filter-attachments'),
    ('one-s-crash-is-another-s-fault', 'service/filter/attachments.c', '|| (in_time && !alive)', '', 'filter-attachments'),
    ('no-program-is-clean', 'service/filter/attachments.c', 'if (scan->pipe < 0)', 'if (scan->pipe < 0 && (g_clear_error (&error), finish (task, pf_attachment_result_new (), NULL), TRUE))\n    return;\n  if (FALSE)',
     'filter-attachments'),
    ('bombs-in-bombs', 'service/archive/examination.c', 'for (guint i = 0; i < self->levels->len; i++)\n    {\n      Level *level', 'for (guint i = self->levels->len - 1; i < self->levels->len; i++)\n    {\n      Level *level',
     'unit-archive-examination'),
    ('shared-octets-are-no-bomb', 'service/archive/unpack.c', 'if (!pf_examination_announced (self->examination, headers.unpacked))', 'if (FALSE)',
     'filter-attachments'),
    ('xml-is-only-text', 'service/filter/bare-mail.c', 'strcmp (part->type, "text/plain") == 0', 'g_str_has_prefix (part->type, "text/")', 'unit-bare-mail'),
    ('archives-without-end', 'service/archive/examination.c', 'if (self->levels->len >= PF_LIMIT_ARCHIVE_DEPTH)', 'if (FALSE)', 'unit-archive-examination'),
    ('files-without-end', 'service/archive/examination.c', 'if (++self->entries > PF_LIMIT_ARCHIVE_ENTRIES)', 'if (FALSE)', 'unit-archive-examination'),
    ('octets-without-end', 'service/archive/examination.c', 'if (self->unpacked > PF_LIMIT_ARCHIVE_UNPACKED)', 'if (FALSE)', 'unit-archive-examination'),
    ('many-findings-hide-the-worst', 'service/archive/examination.c', '(class == PF_ATTACHMENT_MALFORMED ? 0 : 1)', '0', 'filter-attachments'),
    ('the-directory-is-believed', 'service/archive/unpack.c', '(tell_headers (self, &headers) || headers.n_local > self->entries)', 'FALSE', 'filter-attachments'),
    ('a-wrong-sum-is-none', 'service/archive/unpack.c', 'if (got != ARCHIVE_OK && got != ARCHIVE_EOF)\n        complain', 'if (got == ARCHIVE_FATAL)\n        complain',
     'filter-attachments'),
    ('what-stands-behind-is-not-seen', 'service/archive/content.c', '  look_behind (self);\n', '', 'filter-attachments'),
    ('a-macro-s-name-counts', 'service/archive/office.c', 'if (is_project (entry))', 'if (is_project (entry) && strstr (name, "vbaProject") != NULL)', 'filter-attachments'),
    ('a-worker-without-a-filter', 'service/archive/confine.c', '&& prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0', '', 'filter-attachments'),
    # The filter's policy.
    ('everybody-sees-the-policy', 'service/bus/filter-object.c', 'return accounts > 0;', 'return TRUE;', 'unit-bus-filter'),
    ('everybody-changes-the-policy', 'service/bus/policy.c', '{ "FilterPolicy.Update", RULE_CONFIGURE }', '{ "FilterPolicy.Update", RULE_FREE }',
     'unit-bus-filter'),
    ('sight-lost-meanwhile-is-kept', 'service/bus/filter-object.c', 'if (!pf_filter_is_seen (operation->bus, pf_operation_caller (operation)))',
     'if (FALSE)', 'unit-bus-filter'),
    ('strangers-hear-of-the-policy', 'service/bus/filter-watch.c', 'if (tell_move (self, callers->pdata[i]))', 'if (tell_move (self, callers->pdata[i]) || TRUE)',
     'unit-bus-filter'),
    ('two-changes-of-the-policy-at-a-time', 'service/bus/filter-object.c', 'are_good (operation) && pf_operation_may (operation, NULL, NULL, NULL, update)',
     'are_good (operation)', 'unit-bus-filter'),
    ('what-a-hand-did-is-the-caller-s', 'service/bus/filter-watch.c', 'return value != NULL;', 'return self->changes != NULL;', 'unit-bus-filter'),
    ('a-policy-that-is-stored-is-in-force', 'service/bus/filter-object.c', '  if (done)\n', '  if (done || TRUE)\n', 'unit-bus-filter'),
    ('writes-over-a-broken-file', 'service/accounts/filter-policy-store.c', 'return self->settings != NULL || fail_broken (error, wrong);',
     'if (self->settings == NULL)\n    self->settings = pf_service_settings_parse (self->path, "", 0, NULL);\n  return TRUE;',
     'accounts-filter-policy-store'),
    ('edits-what-is-no-settings-file', 'service/accounts/filter-policy-store.c', 'return has_form (self, error);', 'return TRUE;',
     'accounts-filter-policy-store'),
    ('takes-from-root-what-counts-as-roots', 'service/accounts/filter-policy-store.c', 'if (geteuid () == 0 ||', 'if (TRUE ||',
     'accounts-filter-policy-store'),
    ('a-hand-s-change-is-lost', 'service/base/durable.c', '(expected == NULL || is_expected (path, expected))', 'TRUE', 'base-durable'),
    ('a-silent-scanner-is-absent', 'service/filter/probe.c', 'if (result == NULL || result->status == PF_SCAN_TROUBLE)',
     'if (result == NULL)\n    return PF_PROBE_ABSENT;\n  if (result->status == PF_SCAN_TROUBLE)', 'bus-filter_policy test_the_doctor_asks_the_scanners'),
    ('a-scanner-that-is-down-is-well', 'service/retrieve/doctor.c', '  return text != NULL;', '  return TRUE;',
     'bus-filter_policy test_the_doctor_asks_the_scanners'),
    # A crash or a power loss: what is acknowledged is on the disk, and in this order.
    ('answers-before-the-commit', 'service/journal/worker.c', 'if (ok && pf_database_run (self->database, error, "COMMIT", ""))',
     'if (ok && pf_database_run (self->database, error, "ROLLBACK", ""))', 'crash-power'),
    ('journal-without-syncs', 'service/journal/database.c', 'PRAGMA synchronous = FULL', 'PRAGMA synchronous = OFF', 'crash-power'),
    ('mail-not-synced', 'service/helper/maildir.c', 'if (fsync (draft->fd) != 0)', 'if (FALSE)', 'crash-power'),
    ('names-of-mail-not-synced', 'service/helper/maildir.c', 'pf_sync_folder (folder->new) && pf_sync_folder (folder->cur)', 'TRUE',
     'crash-power'),
    ('new-mailbox-not-synced', 'service/helper/mailbox.c', 'if (fd < 0 || !pf_sync_folder (fd))', 'if (fd < 0)', 'crash-power'),
    ('a-mailbox-of-unknown-age-not-synced', 'service/helper/mailbox.c', 'fd >= 0 && mode == PF_MAILBOX_SETTLE', 'FALSE', 'crash-power'),
    ('a-folder-of-unknown-age-not-synced', 'service/helper/mailbox.c', 'directory != NULL && !settled && !pf_sync_folder (mailbox->root)', 'FALSE',
     'crash-power'),
    ('the-inbox-of-unknown-age-not-synced', 'service/helper/mailbox.c', 'ok && (made || !settled)', 'ok && made', 'crash-power'),
    ('new-maildir-not-synced', 'service/helper/mailbox.c', 'if (ok && (made || !settled) && !pf_sync_folder (folder->directory))', 'if (FALSE)',
     'crash-power'),
    ('new-folder-not-synced', 'service/helper/mailbox.c', 'if (!pf_sync_folder (mailbox->root))', 'if (FALSE)', 'crash-power'),
    ('quarantine-not-synced', 'service/deliver/quarantine.c', 'return fsync (to) == 0;', 'return TRUE;', 'crash-power'),
    ('files-not-synced', 'service/base/durable.c', '&& fsync (fd) == 0 ? 0 : errno;', '? 0 : errno;', 'crash-power'),
    ('folders-not-synced', 'service/base/durable.c', 'if (fsync (fd) != 0 && errno != EINVAL)', 'if (FALSE)', 'crash-power'),
    # Removal: what decides that a message may go, line by line.
    ('a-grammar-error-of-imap-passes', 'service/retrieve/imap-session.c', 'pf_session_fault (SESSION (self), event->fault, event->text);', ';',
     'crash-oddities'),
    ('removes-before-its-days-are-over', 'service/retrieve/plan.c', 'row->time + (gint64) settings->remove_after_days * G_TIME_SPAN_DAY;',
     'row->time;', 'retrieve-plan'),
    ('removes-where-nothing-may-be-removed', 'service/retrieve/plan.c', 'if (item->action == PF_PLAN_KNOWN && listing->may_remove)',
     'if (item->action == PF_PLAN_KNOWN)', 'retrieve-plan'),
    ('removes-what-was-not-as-listed', 'service/retrieve/message.c', 'message->row->keep = message->uncertain;', 'message->row->keep = FALSE;',
     'peers-faults test_lies_of_imap'),
    ('believes-what-is-not-as-listed', 'service/retrieve/imap-transfer.c', 'pf_body_get_received (fetch->body) != fetch->listed_size)', 'FALSE)',
     'peers-faults test_lies_of_imap'),
    ('removes-under-another-uidvalidity', 'service/retrieve/imap-session.c', 'if (self->opened && ', 'if (FALSE && ',
     'peers-faults test_lies_of_imap'),
    ('expunges-all-without-uidplus', 'service/retrieve/imap-removal.c', 'if (g_hash_table_size (self->found) != self->removing->len)', 'if (FALSE)',
     'peers-hostile test_without_uidplus_others_marks_are_not_expunged'),
    ('asks-for-uid-expunge-without-uidplus', 'service/retrieve/imap-removal.c', 'enter (self, has_uidplus (self) ? PF_REMOVAL_EXPUNGE',
     'enter (self, TRUE ? PF_REMOVAL_EXPUNGE', 'peers-hostile test_without_uidplus_others_marks_are_not_expunged'),
    ('what-is-always-verified-starves-the-rest', 'service/retrieve/plan.c', "if (*item->listed->uid == '\\0' || name_is_shared", "if (FALSE && name_is_shared",
     'retrieve-plan'),
    ('removes-from-a-read-only-folder', 'service/retrieve/message.c', 'message->check->listing->may_remove\n      && pf_plan_removal_due',
     'pf_plan_removal_due', 'peers-hostile test_a_read_only_folder_is_left_as_it_is'),
    ('a-refused-store-is-a-removal', 'service/retrieve/imap-removal.c', 'if (event->status != PF_IMAP_OK)', 'if (FALSE)',
     'peers-hostile test_imap_faults_plain'),
    ('a-refused-quit-is-a-removal', 'service/retrieve/pop3-session.c', 'if (self->removal_task != NULL && !event->ok)', 'if (FALSE)',
     'peers-hostile test_pop3_faults_plain'),
    ('removes-by-the-answer-to-something-else', 'service/retrieve/pop3-session.c', '!event->ok || event->number != self->stat_count', '!event->ok',
     'peers-faults test_answers_that_nobody_asked_for'),
    ('trusts-what-a-broken-session-brought', 'service/retrieve/fetch.c', 'item->row->size = PF_SIZE_DOUBTFUL;', ';',
     'peers-faults test_answers_that_nobody_asked_for'),
    ('two-status-lines-are-one', 'service/protocol/pop3-answers.c', 'length > 0 && i < G_N_ELEMENTS (heads)', 'FALSE && i < G_N_ELEMENTS (heads)',
     'talks-pop3'),
    ('an-answer-before-its-question', 'service/retrieve/imap-transfer.c', 'if (fetch == NULL || !fetch->asked ||', 'if (fetch == NULL ||',
     'peers-faults test_answers_that_nobody_asked_for'),
    ('a-search-is-told-all-at-once', 'service/protocol/imap-search.c', '&& g_queue_is_empty (&self->events))', ')',
     'peers-faults test_memory_that_floods_take'),
    ('literals-of-a-line-without-end', 'service/protocol/imap-framer.c', 'self->text_length += size;', ';',
     'peers-faults test_memory_that_floods_take'),
    ('lists-are-read-to-their-end', 'service/retrieve/pop3-listing.c', '> self->stat_count)\n    fail', '> G_MAXUINT32 - 1)\n    fail',
     'peers-faults test_memory_that_floods_take'),
    ('another-port-is-the-same-server', 'service/schedule/runner.c', 'g_strdup_printf ("%s:%u", settings->server, settings->port)',
     'g_strdup (settings->server)', 'peers-faults test_others_are_not_held_up'),
    ('a-grammar-error-of-pop3-passes', 'service/retrieve/pop3-session.c', 'pf_session_fault (session, event.fault, event.text);', 'break;',
     'crash-oddities'),
    ('no-brake', 'service/retrieve/removal.c', 'return removal->items->len > figures->', 'return FALSE && figures->', 'crash-oddities'),
    ('one-message-holds-up-the-rest', 'service/retrieve/fetch.c', '++row->failures >= PF_LIMIT_MESSAGE_FAILURES', '++row->failures > 1000',
     'crash-oddities'),
    ('a-full-disk-counts-against-a-message', 'service/retrieve/message.c', 'pf_check_store_failure (check, message->item, text, FALSE);',
     'pf_check_store_failure (check, message->item, text, TRUE);', 'crash-disk'),
    ('what-the-target-refuses-counts-against-a-message', 'service/retrieve/blame.c', 'own = is_their_own_fault (self, all);', 'own = TRUE;',
     'crash-oddities'),
    ('a-message-alone-is-never-to-blame', 'service/retrieve/blame.c', '->item->row->failures == 0)', '->item->row->failures < 9)', 'crash-oddities'),
    # Quarantine: who gets what out, once, and what is told of it.
    ('a-virus-is-its-recipients', 'service/deliver/quarantine-item.c', ' && !g_str_equal (item->verdict, "virus")', '', 'unit-quarantine'),
    ('what-no-scanner-saw-is-its-recipients', 'service/deliver/quarantine-item.c', '&& !item->unscanned;', ';', 'unit-quarantine'),
    ('one-recipient-may-have-all', 'service/bus/policy.c', 'o != NULL && o->is_local_user && o->may_have', 'o != NULL && o->is_local_user', 'unit-bus-policy'),
    ('one-of-several-allows-senders', 'service/bus/policy.c', 'return ownership != NULL && ownership->own_before ? NULL : PF_ACTION_MANAGE;', 'return NULL;',
     'unit-bus-policy'),
    ('others-mail-is-listed', 'service/bus/quarantine.c', 'filter.recipient = caller->user;', 'filter.recipient = NULL;', 'unit-bus-quarantine'),
    ('others-mail-is-handed-out', 'service/bus/quarantine.c', 'if (item != NULL && pf_caller_sees_user', 'if (item != NULL || pf_caller_sees_user', 'unit-bus-quarantine'),
    ('others-hear-of-it', 'service/bus/quarantine-watch.c', 'return caller->sees_all || self->all', 'return TRUE || self->all', 'unit-bus-quarantine'),
    ('released-without-doubt', 'service/deliver/keeper-release.c', 'delivery->in_doubt = TRUE;', 'delivery->in_doubt = FALSE;', 'crash-release'),
    ('released-without-intent', 'service/deliver/keeper-release.c', 'note (release, PF_RELEASE_INTENT, &error);', ';', 'crash-release'),
    ('a-release-that-was-cut-off-stays', 'service/deliver/keeper-batch.c', 'if (item->release != PF_RELEASE_NONE && ', 'if (FALSE && ', 'crash-release'),
    ('told-without-noting', 'service/deliver/keeper-digest.c', 'telling->to = told->pending != 0 ? told->pending : item->time;', 'telling->to = now;', 'crash-release'),
    ('released-and-not-delivered', 'service/deliver/keeper-release.c', '    deliver (task);', '    learn (task);', 'bus-quarantine test_a_release_is_a_delivery'),
    ('what-was-refused-is-gone', 'service/deliver/keeper-release.c', 'if (answer != PF_DELIVERY_DONE)', 'if (FALSE)',
     'bus-quarantine test_what_cannot_be_delivered_stays'),
    ('learns-our-own-lines', 'service/deliver/keeper-release.c', 'source.offset = release->own_length;', 'source.offset = 0;', 'bus-quarantine test_learning'),
    ('a-release-is-spam', 'service/retrieve/message-header.c', 'lines.spam = FALSE;', ';', 'filter-way test_what_is_released_is_no_spam'),
    ('expires-at-once', 'service/deliver/keeper-removal.c', 'if (item->time >= before)', 'if (FALSE)', 'bus-quarantine test_old_mail_expires'),
    ('told-again-and-again', 'service/deliver/keeper-digest.c', 'told->sent = g_get_real_time ();', 'told->told = 0;', 'bus-quarantine test_digest'),
    ('a-link-is-a-message', 'service/deliver/quarantine-folder.c', 'O_RDONLY | O_NOFOLLOW | O_NONBLOCK', 'O_RDONLY | O_NONBLOCK',
     'bus-quarantine test_damage_by_hand'),
    ('tidies-up-what-is-being-stored', 'service/deliver/quarantine-folder.c', '&& status.st_mtime < before)', ')', 'unit-quarantine-index'),
    ('a-notice-of-anybodys-lines', 'service/deliver/notice.c', "fits ? name[i] : '-'", 'name[i]', 'unit-notice'),
    ('a-message-acts-on-the-terminal', 'cli-client/message-text.c', 'pf_text_printable (line, (gssize) size, LONGEST_LINE)', 'g_strndup (line, size)',
     'unit-cli-message-text'),
]


def run(command, folder):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def copy_tree(folder):
    names = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], cwd=SOURCE, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for name in names:
        if os.path.isfile(os.path.join(SOURCE, name)):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            shutil.copy2(os.path.join(SOURCE, name), os.path.join(folder, name))


def test(folder, name):
    """meson builds what the test needs; exit status of the test. A name may be followed by that of one function."""
    name, _, function = name.partition(' ')
    return run(['meson', 'test', '-C', 'build', name] + (['--test-args', function] if function else []), folder)


def is_slow(mutant):
    return mutant[4].startswith(('crash-', 'peers-'))


def stands_once(mutant):
    with open(os.path.join(SOURCE, mutant[1]), encoding='utf-8') as handle:
        count = handle.read().count(mutant[2])
    if count != 1:
        print('FAIL %s: its line stands %d times in %s' % (mutant[0], count, mutant[1]), flush=True)
    return count == 1


def choose(words):
    """The mutants that the command line names."""
    if '--all' in words:
        return MUTANTS
    quick = [mutant for mutant in MUTANTS if not is_slow(mutant)]
    if '--share' in words:
        share = int(words[words.index('--share') + 1])
        return quick[int(time.time() // 86400) % share::share]
    return [mutant for mutant in MUTANTS if mutant[0] in words] if words else quick


def try_mutant(folder, mutant):
    name, file, old, new, test_name = mutant
    path = os.path.join(folder, file)
    with open(path, encoding='utf-8') as handle:
        text = handle.read()
    with open(path, 'w', encoding='utf-8') as handle:
        handle.write(text.replace(old, new))
    killed = test(folder, test_name).returncode != 0
    with open(path, 'w', encoding='utf-8') as handle:
        handle.write(text)
    print('%s %s: %s %s' % ('ok  ' if killed else 'FAIL', name, test_name, 'fails, as it must' if killed else 'did not notice'), flush=True)
    return killed


def main():
    if not all([stands_once(mutant) for mutant in MUTANTS]):
        sys.exit(1)
    chosen = choose(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix='postferry-mutants-') as folder:
        os.chmod(folder, 0o755)  # the service's own user runs what is built there
        copy_tree(folder)
        done = run(['meson', 'setup', 'build', '--buildtype=debug', '-Dsteps=true'], folder)
        if done.returncode != 0:
            print(done.stdout)
            sys.exit(1)
        broken = set()
        for name in sorted({mutant[4] for mutant in chosen}):
            done = test(folder, name)
            if done.returncode != 0 or not re.search(r'^Ok: +[1-9]', done.stdout, re.M):
                print('FAIL %s fails, or is none, without any mutant:\n%s' % (name, done.stdout[-2000:]), flush=True)
                broken.add(name)
        results = [mutant[4] not in broken and try_mutant(folder, mutant) for mutant in chosen]
    print('%d of %d mutants were seen' % (sum(results), len(results)))
    sys.exit(0 if all(results) else 1)


if __name__ == '__main__':
    main()
