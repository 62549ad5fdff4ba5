/* registry-fixture.h - a registry on a folder of its own, and what it told. */
#pragma once

#include "accounts/registry.h"

#define GOOD(address) "[Account]\nAddress=" address "\nServer=pop.example.org\nLocalUser=alice\n"

typedef struct
{
  char *root, *folder;
  PfRegistry *registry;
  GString *told; /* "+a@example.org! " for added by hand, "*" changed, "-" removed */
} Fixture;

void registry_setup    (Fixture *f, gconstpointer unused);
void registry_teardown (Fixture *f, gconstpointer unused);
/* A new registry, as after a restart. */
void load_registry     (Fixture *f);

/* (transfer full) */
char *path_of     (Fixture *f, const char *name);
/* Puts a file in its place, whole, as an editor does. */
void  put_file    (Fixture *f, const char *name, const char *text);
void  delete_file (Fixture *f, const char *name);
char *get_file    (Fixture *f, const char *name);

/* Until all of @told is told; nothing else may be. */
void wait_for     (Fixture *f, const char *told);
/* Nothing follows in the time in which files are read. */
void assert_quiet (Fixture *f);
/* What was told up to now. */
void assert_told  (Fixture *f, const char *told);

/* It must be there. */
PfAccount  *lookup_account (Fixture *f, const char *address);
/* Of one whose file is broken. */
const char *sentence_of    (Fixture *f, const char *address);
void        assert_says    (const char *sentence, const char *what);

#define ADD(name, func)                                                                            \
  g_test_add ("/registry/" name, Fixture, NULL, registry_setup, func, registry_teardown)
