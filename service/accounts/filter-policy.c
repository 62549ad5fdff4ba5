#include "accounts/filter-policy.h"

#include "accounts/fault.h"
#include "accounts/key-edit.h"
#include "accounts/setting-texts.h"
#include "base/limits.h"

#include <string.h>

#define MOST_SCORE 10000
#define MOST_HOURS 8760
#define MOST_DAYS 36500

static const char *const actions[] = { "deliver", "junk", "quarantine", "defer", "discard", NULL };
static const char *const failure_actions[] = { "deliver", "quarantine", "defer", NULL };
static const char *const digests[] = { "daily", "never", NULL };
static const char *const classes[] = { "executables",        "archives", "office-macros",
                                       "encrypted-archives", "none",     NULL };

/* --- Texts ------------------------------------------------------------------------------------ */

static gboolean
is_word_or_path (const char *text)
{
  return strcmp (text, "auto") == 0 || strcmp (text, "off") == 0
         || g_str_has_prefix (text, "unix:/");
}

static char *
read_url (const char *text, PfRefusal *refusal)
{
  g_autoptr (GUri) uri = NULL;

  if (is_word_or_path (text))
    return g_strdup (text);
  if (!g_str_has_prefix (text, "http://") && !g_str_has_prefix (text, "https://"))
    return NULL;
  uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0'
      || g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    return NULL;
  if (g_uri_get_userinfo (uri) != NULL)
    {
      refusal->reason = "no name or password may stand in it: every local user may read the policy";
      return NULL;
    }
  return g_strdup (text);
}

static char *
read_clamd_socket (const char *text, PfRefusal *refusal)
{
  if (is_word_or_path (text))
    return g_strdup (text);
  if (g_str_has_prefix (text, "tcp:") && pf_is_host_and_port (text + strlen ("tcp:"), refusal))
    return g_strdup (text);
  return NULL;
}

static char *
read_class (const char *text, PfRefusal *refusal)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);

  refusal->code = "not-allowed";
  return g_strv_contains (classes, lower) ? g_steal_pointer (&lower) : NULL;
}

/* As people write them: exe, .exe, *.exe, EXE. */
static char *
read_extension (const char *text, PfRefusal *refusal)
{
  if (*text == '*')
    text++;
  if (*text == '.')
    text++;
  if (*text == '\0' || strpbrk (text, "./\\*?\" \t") != NULL)
    return NULL;
  return g_utf8_strdown (text, -1);
}

/* --- The table -------------------------------------------------------------------------------- */

#define FIELD(key, of_kind, member, default_text, ...)                                             \
  {                                                                                                \
    .group = PF_FILTER_GROUP, .name = key, .kind = PF_KIND_##of_kind,                              \
    .offset = G_STRUCT_OFFSET (PfFilterPolicy, member), .initial = default_text, __VA_ARGS__       \
  }
#define ACTION(key, member, default_text)                                                          \
  FIELD (key, CHOICE, member, default_text, .choices = actions,                                    \
         .allowed = "deliver, junk, quarantine, defer or discard")
#define SENDERS(key, member)                                                                       \
  FIELD (key, LIST, member, "", .most = 320, .read = pf_read_sender,                               \
         .allowed = "a list of addresses and domains")
#define SCORE(key, member)                                                                         \
  FIELD (key, SCORE, member, "0", .most = MOST_SCORE,                                              \
         .allowed = "a score from 0 (by Rspamd's action) to 10000, such as 6.5")

/* clang-format off */
const PfField pf_filter_fields[] = {
  FIELD ("RspamdUrl", TEXT, rspamd_url, "auto", .read = read_url,
         .allowed = "http://HOST:PORT, https://HOST:PORT, unix:/PATH, auto or off"),
  FIELD ("RspamdControllerUrl", TEXT, rspamd_controller_url, "auto", .read = read_url,
         .allowed = "http://HOST:PORT, https://HOST:PORT, unix:/PATH, auto or off"),
  SCORE ("JunkScore", junk_score),
  SCORE ("QuarantineScore", quarantine_score),
  FIELD ("SubjectPrefix", TEXT, subject_prefix, "", .most = 60,
         .allowed = "a text of up to 60 octets"),
  FIELD ("ClamdSocket", TEXT, clamd_socket, "auto", .read = read_clamd_socket,
         .allowed = "unix:/PATH, tcp:HOST:PORT, auto or off"),
  FIELD ("MaxScanSize", SIZE, max_scan_size, "50M", .least = 1,
         .most = G_GUINT64_CONSTANT (1) << 40,
         .allowed = "a number of octets from 1 to 1024G, which may end in K, M or G"),
  FIELD ("Timeout", NUMBER32, timeout, "60", .least = 1, .most = 3600,
         .allowed = "a number of seconds from 1 to 3600"),
  FIELD ("BlockClasses", LIST, block_classes, "executables", .most = 60, .read = read_class,
         .allowed = "a list of executables, archives, office-macros and encrypted-archives, or none"),
  FIELD ("BlockExtensions", LIST, block_extensions, "", .most = 60, .read = read_extension,
         .allowed = "a list of file name extensions, such as exe;scr"),
  SENDERS ("AllowSenders", allow_senders),
  SENDERS ("BlockSenders", block_senders),
  SENDERS ("AllowRecipients", allow_recipients),
  ACTION ("OnSpam", on_spam, "junk"),
  ACTION ("OnVirus", on_virus, "quarantine"),
  ACTION ("OnAttachment", on_attachment, "quarantine"),
  ACTION ("OnBlockedSender", on_blocked_sender, "quarantine"),
  FIELD ("OnScannerFailure", CHOICE, on_scanner_failure, "deliver", .choices = failure_actions,
         .allowed = "deliver, quarantine or defer"),
  FIELD ("DeferHours", NUMBER32, defer_hours, "24", .most = MOST_HOURS,
         .allowed = "a number of hours from 0 to 8760"),
  FIELD ("QuarantineDigest", CHOICE, quarantine_digest, "daily", .choices = digests,
         .allowed = "daily or never"),
  FIELD ("QuarantineDays", NUMBER32, quarantine_days, "30", .least = 1, .most = MOST_DAYS,
         .allowed = "a number of days from 1 to 36500"),
  { .name = NULL },
};
/* clang-format on */

const PfField *
pf_filter_policy_find (const char *key)
{
  for (const PfField *field = pf_filter_fields; field->name != NULL; field++)
    if (strcmp (field->name, key) == 0)
      return field;
  return NULL;
}

/* --- The value -------------------------------------------------------------------------------- */

PfFilterPolicy *
pf_filter_policy_new (void)
{
  PfFilterPolicy *self = g_new0 (PfFilterPolicy, 1);

  for (const PfField *field = pf_filter_fields; field->name != NULL; field++)
    pf_field_reset (field, self);
  return self;
}

void
pf_filter_policy_free (PfFilterPolicy *self)
{
  if (self == NULL)
    return;
  for (const PfField *field = pf_filter_fields; field->name != NULL; field++)
    pf_field_clear (field, self);
  g_free (self);
}

gboolean
pf_filter_policy_equal (const PfFilterPolicy *a, const PfFilterPolicy *b)
{
  for (const PfField *field = pf_filter_fields; field->name != NULL; field++)
    if (!pf_field_equal (field, a, b))
      return FALSE;
  return TRUE;
}

GVariant *
pf_filter_policy_to_vardict (const PfFilterPolicy *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (const PfField *field = pf_filter_fields; field->name != NULL; field++)
    g_variant_builder_add (&builder, "{sv}", field->name, pf_field_to_value (field, self));
  return g_variant_builder_end (&builder);
}

/* --- Changes ---------------------------------------------------------------------------------- */

static void
complain_unknown (GPtrArray *faults, const char *key)
{
  const char *names[G_N_ELEMENTS (pf_filter_fields)];

  for (guint i = 0; i < G_N_ELEMENTS (pf_filter_fields); i++)
    names[i] = pf_filter_fields[i].name;
  pf_fault_unknown_key (faults, key, names, 0);
}

/* (transfer full) (nullable): the value as it stands in the file, NULL for the default. */
static char *
read_change (PfFilterPolicy *policy, const PfField *field, GVariant *value, GPtrArray *faults)
{
  PfRefusal refusal = { 0 };
  g_autofree char *sentence = NULL;

  if (pf_field_is_reset (field, value))
    return NULL;
  if (pf_field_read_value (field, policy, value, &refusal))
    return pf_field_to_text (field, policy);
  sentence = pf_field_sentence (field, &refusal);
  pf_fault_add (faults, field->name, refusal.code, 0, "%s", sentence);
  pf_refusal_clear (&refusal);
  return NULL;
}

char *
pf_filter_policy_edit (const char *text, GVariant *changes, GPtrArray *faults)
{
  g_autoptr (PfFilterPolicy) policy = pf_filter_policy_new ();
  g_autofree char *edited = g_strdup (text);
  const guint n_before = faults->len;
  GVariantIter iter;
  GVariant *value;
  const char *key;

  g_variant_iter_init (&iter, changes);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    {
      const PfField *field = pf_filter_policy_find (key);
      g_autofree char *words = NULL;
      char *next;

      if (field == NULL)
        {
          complain_unknown (faults, key);
          continue;
        }
      words = read_change (policy, field, value, faults);
      next = pf_key_edit (edited, PF_FILTER_GROUP, field->name, words);
      g_free (edited);
      edited = next;
    }
  return faults->len == n_before ? g_steal_pointer (&edited) : NULL;
}
