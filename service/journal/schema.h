/* schema.h - the tables, and how an older file becomes one of today. Internal to journal/. */
#pragma once

/* What PRAGMA user_version says of a file that is up to date. */
int         pf_schema_version (void);
/* The SQL that takes a file of @version (0: empty) to @version + 1. */
const char *pf_schema_upgrade (int version);
