/* providers.h - what is peculiar to providers: data, from providers.conf, looked up by the server's
 * name. Everything has a value that does nothing for servers that nothing is known of. */
#pragma once

#include "accounts/settings.h"

/* Lists end in NULL and are never NULL, texts neither; the keys are explained in providers.conf. */
typedef struct
{
  char *name;          /* "gmail"; "" for a server that nothing is known of */
  guint connections;   /* 0: as ConnectionsPerServer says */
  guint interval;      /* s; 0: as Interval says */
  guint log_in_gap;    /* s */
  guint idle;          /* s; 0: as long as it is borne */
  guint window;        /* messages; 0: as wide as is good */
  guint pause;         /* s */
  gboolean two_steps;  /* InitialResponse=false */
  gboolean lists_part; /* Listing=part */
  gboolean estimates;  /* Sizes=estimated */
  gboolean trash;      /* Removal=trash */
  gboolean labels;
  char **skip_folders;
  char **local_part;
  char **busy;
  char *log_in_help;
} PfProvider;

typedef struct _PfProviders PfProviders;

/**
 * pf_providers_parse:
 * @text: in the form of providers.conf
 * @base: (nullable): what @text is laid over, key by key
 * @error: names group, key and value; G_KEY_FILE_ERROR
 *
 * Returns: (transfer full) (nullable)
 */
PfProviders *pf_providers_parse (const char *text, const PfProviders *base, GError **error);
void pf_providers_free (PfProviders *providers);
/* (transfer none): never NULL. @server: its name or address, any case */
const PfProvider *
pf_providers_find (const PfProviders *providers, const char *server, PfProtocol protocol);

/* (transfer none): what the service was built with; kept for the life of the process. */
const PfProviders *pf_providers_builtin (void);
/**
 * pf_providers_load:
 * @path: the administrator's file, laid over the built-in data; where it does not exist those hold
 *
 * From now on pf_providers_lookup() answers by it. When it is wrong all stays as it was. Once,
 * before there are accounts or threads: what was looked up is kept.
 */
gboolean pf_providers_load (const char *path, GError **error);
/* (transfer none): never NULL; good for the life of the process. */
const PfProvider *pf_providers_lookup (const char *server, PfProtocol protocol);

/* TRUE when the server's words @text tell that it was asked too often. */
gboolean pf_provider_is_busy (const PfProvider *provider, const char *text);
/* (transfer full): the name to log in with for @address where none is set. */
char *pf_provider_user_name (const PfProvider *provider, const char *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfProviders, pf_providers_free)
