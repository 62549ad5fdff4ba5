/* build.h - settings made in one line, and what is wrong with them, for the tests of accounts. */
#pragma once

#include "accounts/settings.h"

/* (transfer full): faults */
GPtrArray *faults_new (void);
/* The one fault whose key is @key; fails the test when there is none. */
const PfSettingsFault *fault_of (GPtrArray *faults, const char *key);
/* (transfer full) (nullable): @text is the text form of an a{sv}, laid over a@example.org,
 * pop.example.org and alice. */
PfSettings *make (const char *text, GPtrArray *faults);
/* The same; fails the test when there is a fault. */
PfSettings *make_good (const char *text);
/* (transfer full): one key's value in text form. */
char *print (const PfSettings *settings, const char *key);
