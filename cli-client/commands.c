#include "cli-client/commands.h"

#include "cli-client/i18n.h"

static const PfCommand commands[] = {
  { "status", "", N_ ("how things stand, and what needs somebody"),
    N_ ("Shows the service, the accounts that need somebody, with the mend, and the next\n"
        "checks. Without any command this is what postferry does.\n\n"
        "Ends with status 10 when an account needs somebody.\n"),
    0, 0, PF_TAKES_NOTHING, FALSE, pf_command_status },
  { "list", "", N_ ("all accounts, one a line"),
    N_ ("Lists the accounts that you may see: those that deliver to you; root and the\n"
        "group postferry see all. With --json every setting, state and counter.\n"),
    0, 0, PF_TAKES_NOTHING, FALSE, pf_command_list },
  { "show", "ADDRESS", N_ ("everything about one account"),
    N_ ("Shows state, counters and settings of one account. Never a password.\n"), 1, 1,
    PF_TAKES_NOTHING, FALSE, pf_command_show },
  { "add", "[ADDRESS] [KEY=VALUE...]", N_ ("add an account"),
    N_ ("Adds an account. Server and LocalUser (who gets the mail) have to be given;\n"
        "postferry.account(5) tells all keys. What is missing is asked for on a\n"
        "terminal, the password too; a script gives it with --password-file.\n\n"
        "Name, connection, encryption, log-in, folders and delivery are tried first,\n"
        "and the account is stored only when all of that works. With --no-test it is\n"
        "stored as it is, without a password too.\n\n"
        "  postferry add anna@example.org Server=imap.example.org LocalUser=anna\n"
        "  postferry add bob@example.org Protocol=pop3 Server=pop.example.org \\\n"
        "      LocalUser=bob Remove=after-days RemoveAfterDays=14 --password-file -\n"),
    0, G_MAXUINT, PF_TAKES_PASSWORD_FILE | PF_TAKES_NO_TEST, FALSE, pf_command_add },
  { "set", "ADDRESS KEY=VALUE...", N_ ("change settings of an account"),
    N_ ("Changes settings, all or none; they take effect at the next check. Lists are\n"
        "separated by ; or their key is repeated. Sizes may end in K, M or G.\n\n"
        "Where the account connects to, and how, changes only together with its\n"
        "password (asked for on a terminal, else --password-file) or by an\n"
        "administrator.\n\n"
        "  postferry set anna@example.org Remove=after-delivery 'Folders=INBOX;Lists/*'\n"),
    2, G_MAXUINT, PF_TAKES_PASSWORD_FILE, FALSE, pf_command_set },
  { "enable", "ADDRESS...", N_ ("check accounts on schedule again"),
    N_ ("Has accounts checked on schedule again.\n"), 1, G_MAXUINT, PF_TAKES_NOTHING, FALSE,
    pf_command_enable },
  { "disable", "ADDRESS...", N_ ("stop checking accounts on schedule"),
    N_ ("Stops checking accounts on schedule. They can still be checked by hand.\n"), 1, G_MAXUINT,
    PF_TAKES_NOTHING, FALSE, pf_command_disable },
  { "remove", "ADDRESS...", N_ ("forget accounts; delivered mail stays"),
    N_ ("Forgets the settings, the password and the journal of accounts, after a question\n"
        "that --yes answers. Mail that was delivered stays, and so does all mail at\n"
        "the provider. An account that is added again fetches everything again.\n"),
    1, G_MAXUINT, PF_TAKES_NOTHING, FALSE, pf_command_remove },
  { "password", "ADDRESS", N_ ("set the password of an account"),
    N_ ("Stores a new password for an account: asked for on a terminal, else read with\n"
        "--password-file. One newline at its end is dropped.\n"),
    1, 1, PF_TAKES_PASSWORD_FILE, FALSE, pf_command_password },
  { "test", "ADDRESS", N_ ("try an account step by step"),
    N_ ("Tries name, connection, encryption, log-in, folders, delivery and scanners with\n"
        "the account as it is stored, and tells each step and the mend. Fetches nothing.\n\n"
        "Ends with status 7, 8, 3 or 10 for what is wrong: see postferry(1).\n"),
    1, 1, PF_TAKES_NOTHING, FALSE, pf_command_test },
  { "check", "[ADDRESS...]", N_ ("fetch new mail now"),
    N_ ("Checks accounts now, all enabled ones when none is named, and waits for the end.\n"
        "Ctrl-C cancels; what was delivered until then stays delivered. With --no-wait\n"
        "checks go on by themselves.\n\n"
        "--explain tells for each message what would happen and why, and changes nothing.\n\n"
        "Ends with the first of 7 (log-in), 8 (network), 3 (timed out), 10 (other) that\n"
        "occurs.\n"),
    0, G_MAXUINT, PF_TAKES_NO_WAIT | PF_TAKES_EXPLAIN, FALSE, pf_command_check },
  { "monitor", "", N_ ("events as they happen"),
    N_ ("Prints events as they happen, until Ctrl-C. With --json one object a line.\n"), 0, 0,
    PF_TAKES_NOTHING, FALSE, pf_command_monitor },
  { "log", "[ADDRESS]", N_ ("what happened"),
    N_ ("Prints what happened, the latest last: each message with what became of it,\n"
        "problems, changes and who made them. With --json one object a line.\n\n"
        "  postferry log anna@example.org --since yesterday\n"),
    0, 1, PF_TAKES_SINCE | PF_TAKES_LINES, FALSE, pf_command_log },
  { "filter", "[KEY=VALUE...]", N_ ("what is done with spam and viruses"),
    N_ ("Shows the filter's policy and how the scanners are, or changes the policy, all\n"
        "or nothing, for the messages after it, and kept in postferry.conf. KEY= gives a\n"
        "key back its default. Lists are separated by ; or their key is repeated.\n"
        "postferry.conf(5) tells all keys.\n\n"
        "A change needs an administrator.\n\n"
        "  postferry filter OnSpam=quarantine BlockSenders=example.com\n"),
    0, G_MAXUINT, PF_TAKES_NOTHING, FALSE, pf_command_filter },
  { "quarantine", "[WHAT] [ID...]", N_ ("mail that was held back"),
    N_ ("Mail that was held back from you; root and the group postferry see all. What:\n\n"
        "  list            what there is; this is done without a word\n"
        "  show ID...      what is known of it, its header, how it begins\n"
        "  release ID...   deliver it after all\n"
        "  delete ID...    delete it for good\n\n"
        "Of an id as many digits are enough as stand for one message alone.\n\n"
        "What is released arrives where it would have gone. With --learn the spam filter\n"
        "learns that it is no spam; with --allow-sender the address in FROM is added to\n"
        "AllowSenders of the account. A virus is released by an administrator alone.\n"
        "delete asks, unless --yes.\n\n"
        "  postferry quarantine release 3f2a81c0 --learn --allow-sender\n"),
    0, G_MAXUINT, PF_TAKES_RELEASE, FALSE, pf_command_quarantine },
  { "help", "[COMMAND]", N_ ("this list, or more about a command"),
    N_ ("Tells what a command does and which options it takes.\n"), 0, 1, PF_TAKES_NOTHING, FALSE,
    pf_command_help },
  { "__complete", "WORD...", "", "", 0, G_MAXUINT, PF_TAKES_NOTHING, TRUE, pf_command_complete },
};

const PfCommand *
pf_commands (guint *n_commands)
{
  *n_commands = G_N_ELEMENTS (commands);
  return commands;
}

const PfCommand *
pf_command_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, name))
      return &commands[i];
  return NULL;
}

PfClient *
pf_cli_client (PfCli *cli, GError **error)
{
  if (cli->client == NULL)
    cli->client = pf_client_new (cli->options->session, 0, error);
  return cli->client;
}
