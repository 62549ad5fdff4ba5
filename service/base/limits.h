/* limits.h - every limit of the service: its name, its number and the reason for it.
 *
 * What the network or a caller can drive is bounded here and nowhere else. Limits that the
 * administrator sets are in accounts/service-settings.h.
 */
#pragma once

#define PF_KIB 1024
#define PF_MIB (1024 * 1024)

/* --- Protocols -------------------------------------------------------------------------------- */

/* RFC 2449 allows 512 octets; Exchange and Courier send more. Beyond this a POP3 line is no reply
 * any more. */
#define PF_LIMIT_POP3_LINE (8 * PF_KIB)
/* A UIDL is 1 to 70 octets by RFC 1939; providers send up to 255. */
#define PF_LIMIT_POP3_UIDL 255
/* Lines of a CAPA answer, and their octets; real ones have a dozen. */
#define PF_LIMIT_POP3_CAPABILITIES 1000
#define PF_LIMIT_POP3_CAPABILITIES_OCTETS (64 * PF_KIB)
/* Messages in one mailbox that we list: 1,000,000 take about 100 MB and no provider keeps that many
 * in one folder. */
#define PF_LIMIT_LISTED_MESSAGES 1000000
/* By so many an IMAP listing may exceed what the server counted: mail comes and goes while it is
 * read. */
#define PF_LIMIT_LISTED_BEYOND 1000
/* SEARCH and LIST answers of big folders come in one line (RFC 9051 sets no bound). */
#define PF_LIMIT_IMAP_LINE PF_MIB
/* Words of a CAPABILITY answer that are read; Gmail tells some 30. */
#define PF_LIMIT_IMAP_CAPABILITIES 1000
/* A literal outside a message body: names, ID values, ENVELOPE parts. */
#define PF_LIMIT_IMAP_STRING (64 * PF_KIB)
/* Nested lists in an IMAP answer; BODYSTRUCTURE is never asked for, so anything deeper is an attack
 * on the stack. */
#define PF_LIMIT_IMAP_DEPTH 16
/* Folders one account may have that we look at. */
#define PF_LIMIT_IMAP_FOLDERS 10000
/* Text of a server's answer that is kept for a sentence or a log line. */
#define PF_LIMIT_SERVER_TEXT 300
/* RFC 5321 says 512; multi-line LHLO answers are bounded by count too. */
#define PF_LIMIT_LMTP_LINE (4 * PF_KIB)
#define PF_LIMIT_LMTP_LINES 100
/* One SASL challenge, base64 and all. RFC 4954 suggests 12,288. */
#define PF_LIMIT_SASL_CHALLENGE (12 * PF_KIB)
/* Challenges in one log-in: SCRAM takes three, GSSAPI a few more. */
#define PF_LIMIT_SASL_CHALLENGES 20
/* SCRAM iterations: below, the password is too cheap to guess from a stolen exchange; above, the
 * server burns our CPU. */
#define PF_LIMIT_SCRAM_ITERATIONS_LOW 1000
#define PF_LIMIT_SCRAM_ITERATIONS_HIGH 1000000
/* SCRAM keys that are kept, one an account (some 200 octets each); threads that make them: a
 * hostile server keeps one busy for about a second. */
#define PF_LIMIT_SCRAM_KEYS 10000
#define PF_LIMIT_SCRAM_THREADS 2
/* Accounts of which is kept which mechanism their server takes: a hundred octets each. */
#define PF_LIMIT_FALLBACKS 20000

/* --- Network ---------------------------------------------------------------------------------- */

/* Where ConnectTimeout= is not set: name, proxy, connection and handshake together. */
#define PF_LIMIT_CONNECT_SECONDS 30
/* Read from one connection, and written to it, before the others have their turn. */
#define PF_LIMIT_READ_SLICE (64 * PF_KIB)
#define PF_LIMIT_WRITE_TURN (256 * PF_KIB)
/* With at least so much to come, what trickles in is left to gather for a moment: a packet each
 * would cost more to wake for than to read. */
#define PF_LIMIT_PATIENCE_OCTETS (256 * PF_KIB)
#define PF_LIMIT_PATIENCE_USECONDS 1000
/* Inflated from one connection before the others have their turn: what came in one slice may stand
 * for 1,032 times as much. */
#define PF_LIMIT_INFLATE_TURN (256 * PF_KIB)
/* A faster line than this is in the house: compression would cost more time than it saves. */
#define PF_LIMIT_COMPRESS_ROUND_TRIP_USECONDS 1000
/* Output of a machine that waits for the peer to take it: beyond, the machine keeps it. */
#define PF_LIMIT_UNSENT (256 * PF_KIB)
/* A CA file: the whole bundle of a distribution has some 250 KiB. */
#define PF_LIMIT_CA_FILE (4 * PF_MIB)
/* Trust in one CA file that is kept loaded; each account may name its own. */
#define PF_LIMIT_TRUST_CONTEXTS 64
/* TLS sessions kept for resumption (some 5 KiB each), in all and for one server and trust, since
 * each is used once and many accounts may be polled at one server at a time; and how long: so long
 * an untimely end of trust in a certificate may go unseen. */
#define PF_LIMIT_TLS_TICKETS 1024
#define PF_LIMIT_TLS_TICKETS_PER_SERVER 128
#define PF_LIMIT_TLS_TICKET_SECONDS 3600
/* Names of a certificate told in a sentence. */
#define PF_LIMIT_CERTIFICATE_NAMES 5

/* Servers whose limit for IDLE was learned. */
#define PF_LIMIT_PATIENCE_SERVERS 10000

/* --- Messages --------------------------------------------------------------------------------- */

/* Where MaxMessageSize= of the service is not set. Providers accept up to 150 MB. */
#define PF_LIMIT_MESSAGE_SIZE (512ULL * PF_MIB)
/* A header block: what lies beyond is delivered as body, unread by us. */
#define PF_LIMIT_HEADER_BLOCK PF_MIB
/* The lines we put on top of a message, and what of them is the scanners'. Room for them is left
 * in front of each body: a hole, which costs nothing. */
#define PF_LIMIT_TRACE_BLOCK (64 * PF_KIB)
#define PF_LIMIT_SCAN_LINES (32 * PF_KIB)
/* A trace field that is read for the envelope: real ones stay below 2 KiB, and at most so many lie
 * above the provider's border. */
#define PF_LIMIT_TRACE_VALUE (8 * PF_KIB)
#define PF_LIMIT_TRACE_LINES 30
/* More Received fields than this is a mail loop (RFC 5321 6.3 suggests 100; real paths stay below
 * 30). */
#define PF_LIMIT_RECEIVED_FIELDS 50
/* An IMAP message that turns out to be larger than it may be is read to its end and left out, so
 * that the session goes on; by more than this it is not worth the line. */
#define PF_LIMIT_READ_OVER (16ULL * PF_MIB)
/* Bodies up to this size live in memory (memfd), larger ones in an unnamed file. */
#define PF_LIMIT_BODY_IN_MEMORY PF_MIB
/* Asked for and not here yet, for one account: some 2.5 MB are on their way where a gigabit line
 * has a round trip of 20 ms, and 300 small messages where it has 80. */
#define PF_LIMIT_FETCH_WINDOW_OCTETS (4 * PF_MIB)
#define PF_LIMIT_FETCH_WINDOW_MESSAGES 300
/* Asked for and not yet delivered: what is filtered, delivered and written to the journal does not
 * hold up the line, but is bounded. */
#define PF_LIMIT_IN_FLIGHT_OCTETS (8 * PF_MIB)
#define PF_LIMIT_IN_FLIGHT_MESSAGES 800
/* A message that failed this often is set aside as message-stuck, and the rest goes on. Once may be
 * chance, twice the server's bad day; each try costs a whole transfer, and a broken session the
 * others behind it. */
#define PF_LIMIT_MESSAGE_FAILURES 3
/* By so much a server may change a message's size as it notes in its header what it knows of it
 * (mailutils: 55 to 122 octets). */
#define PF_LIMIT_HEADER_GROWTH 512

/* Parts of a message that are looked into, and how deep they lie in one another; honest mail has
 * some dozen, Dovecot reads 10,000 and 100. */
#define PF_LIMIT_MIME_PARTS 10000
#define PF_LIMIT_MIME_DEPTH 50
/* A part's header, and a line that is looked at as one: boundaries, files in a text. */
#define PF_LIMIT_MIME_HEADER (64 * PF_KIB)
#define PF_LIMIT_MIME_LINE PF_KIB
/* A file's name (255 octets on a disk, encoded some 1,000): the end of a longer one is kept; and
 * forms of the name of one part. */
#define PF_LIMIT_MIME_NAME PF_KIB
#define PF_LIMIT_MIME_NAMES 32
/* A name as it stands in a header: decoding takes time that grows with its square. */
#define PF_LIMIT_MIME_VALUE (8 * PF_KIB)
/* Parameters of a field, sections of one (RFC 2231), boundaries of one multipart. */
#define PF_LIMIT_MIME_PARAMETERS 200
#define PF_LIMIT_MIME_SECTIONS 100
#define PF_LIMIT_MIME_BOUNDARIES 8

/* --- Scanners --------------------------------------------------------------------------------- */

/* Rspamd's answer: some 5 KiB, and a list of links that may be long. */
#define PF_LIMIT_RSPAMD_ANSWER (2 * PF_MIB)
/* Values in it, each some 100 octets while it is read; and how deep they lie, which is the parser's
 * stack. */
#define PF_LIMIT_RSPAMD_VALUES 50000
#define PF_LIMIT_RSPAMD_DEPTH 32
/* Mailboxes of From fields that the sender rules look at; honest mail has one. */
#define PF_LIMIT_FROM_MAILBOXES 100
/* Symbols that are kept, the weightiest; a message gets some 30. */
#define PF_LIMIT_RSPAMD_SYMBOLS 200
/* Header lines that it wants added or taken out, the octets of one (ARC has some 1,000), and of a
 * subject. */
#define PF_LIMIT_RSPAMD_HEADERS 50
#define PF_LIMIT_RSPAMD_HEADER (4 * PF_KIB)
#define PF_LIMIT_RSPAMD_SUBJECT PF_KIB
/* The n-th line of a name. */
#define PF_LIMIT_RSPAMD_INDEX 1000
/* Messages with one scanner at the same time: Rspamd's workers do many at once, clamd has 10 or 12
 * threads for all. */
#define PF_LIMIT_RSPAMD_SCANS 16
#define PF_LIMIT_CLAMD_SCANS 6
/* Seconds for which a scanner that is looked for by itself (`auto`), and was never there, is not
 * looked for again: on a machine without scanners no message pays for the search. */
#define PF_LIMIT_SCANNER_ABSENT_SECONDS 10
/* One scan in all, the sending of the message too, however steadily it goes on. */
#define PF_LIMIT_SCAN_SECONDS 600
/* Every value of a request that came from outside: RFC 5322's longest line. */
#define PF_LIMIT_SCAN_VALUE 998
/* Rspamd's answer to learning, clamd's to anything: one line; signatures' names have some 60
 * octets. */
#define PF_LIMIT_LEARN_ANSWER (16 * PF_KIB)
#define PF_LIMIT_CLAMD_LINE (4 * PF_KIB)
/* clamd reads its signatures for up to minutes and accepts connections all the while. */
#define PF_LIMIT_CLAMD_START_SECONDS 180

/* --- Attachments ------------------------------------------------------------------------------ */

/* Mail that the service itself looks at, to know that it is nothing but text; longer mail goes to
 * the process that looks into attachments in any case. */
#define PF_LIMIT_BARE_MAIL (64 * PF_KIB)
/* Archives in archives; entries of all of them; octets that come out of all (honest mail has some
 * ten megabytes); octets for one of the archive's, from so many on: below, a table of zeros packs
 * that tight, too. */
#define PF_LIMIT_ARCHIVE_DEPTH 10
#define PF_LIMIT_ARCHIVE_ENTRIES 10000
#define PF_LIMIT_ARCHIVE_UNPACKED (1024ULL * PF_MIB)
#define PF_LIMIT_ARCHIVE_RATIO 1000
#define PF_LIMIT_ARCHIVE_RATIO_FROM 100000000ULL
/* Processor time of one message; beyond the second number the kernel ends the process, and by the
 * clock at the third: nothing of ours waits. The service waits longer still, so that it is the
 * process that ends first. */
#define PF_LIMIT_ARCHIVE_SECONDS 15
#define PF_LIMIT_ARCHIVE_CPU_SECONDS 20
#define PF_LIMIT_ARCHIVE_CLOCK_SECONDS 30
#define PF_LIMIT_ARCHIVE_ANSWER_SECONDS 40
/* Memory of the process in all, and of what it keeps of archives in archives. */
#define PF_LIMIT_ARCHIVE_ADDRESS_SPACE (1536ULL * PF_MIB)
#define PF_LIMIT_ARCHIVE_HELD (512ULL * PF_MIB)
/* Of what seems to be no archive so much is kept, in case that one stands behind its beginning. */
#define PF_LIMIT_ARCHIVE_PLAIN (32 * PF_MIB)
/* So much of a file tells what it is: an ISO image says it behind 32 KiB. */
#define PF_LIMIT_ARCHIVE_HEAD (64 * PF_KIB)
/* Messages that are looked into at the same time, each by a process of its own. */
#define PF_LIMIT_ARCHIVE_WORKERS 4
/* Findings of one message, the text of a name in one, and all of an answer. */
#define PF_LIMIT_ATTACHMENT_FINDINGS 30
#define PF_LIMIT_ATTACHMENT_TEXT 300
#define PF_LIMIT_ATTACHMENT_ANSWER (64 * PF_KIB)
/* A request: the administrator's extensions. */
#define PF_LIMIT_ATTACHMENT_REQUEST (64 * PF_KIB)
/* Once for a message, then it is the message's fault; and so often for what is nobody's. */
#define PF_LIMIT_ATTACHMENT_RETRIES 1
#define PF_LIMIT_ATTACHMENT_RESTARTS 3

/* --- Quarantine ------------------------------------------------------------------------------- */

/* One ID.meta: 200 symbols, and texts that the service itself wrote. */
#define PF_LIMIT_QUARANTINE_META (256 * PF_KIB)
/* Items of one answer: with 200 symbols each they take some 20 ms to be put together; and ids of
 * one call. */
#define PF_LIMIT_QUARANTINE_PAGE 250
#define PF_LIMIT_QUARANTINE_IDS 1000
/* Released at the same time: each holds a descriptor, and its message may be large. */
#define PF_LIMIT_QUARANTINE_RELEASES 16
/* The folder is not read again sooner than so long after the last time: files come and go by the
 * service itself, which knows of them. */
#define PF_LIMIT_QUARANTINE_RESCAN_MS 5000
/* What is told of a message in a list. */
#define PF_LIMIT_QUARANTINE_TEXT 500
/* Messages that one digest names; the rest is a number. */
#define PF_LIMIT_DIGEST_ITEMS 100
/* Notices that are being delivered at the same time. */
#define PF_LIMIT_DIGESTS 64

/* --- Helper ----------------------------------------------------------------------------------- */

#define PF_LIMIT_HELPER_BATCH 64
/* A child of the helper that writes one batch for one user. */
#define PF_LIMIT_HELPER_SECONDS 120
/* Connections to one helper at a time: the service has one, a second one while it restarts. */
#define PF_LIMIT_HELPER_CONNECTIONS 4
/* A helper that was started by its socket ends when nobody was connected for so long; the service
 * disconnects as soon. */
#define PF_LIMIT_HELPER_IDLE_SECONDS 60
/* Users that the helper writes for at the same time: each is a process. */
#define PF_LIMIT_HELPER_CHILDREN 64
/* Folders that the helper remembers to be on the disk, some 100 octets each. */
#define PF_LIMIT_HELPER_SETTLED 10000
/* Local users that are offered to be chosen from: a directory service may know a million. */
#define PF_LIMIT_LISTED_USERS 10000
/* Connections to an LMTP server; one takes some hundred messages a second. */
#define PF_LIMIT_LMTP_CONNECTIONS 4
/* A connection to an LMTP server that has nothing to do is closed before the server does it. */
#define PF_LIMIT_LMTP_IDLE_SECONDS 30
/* A maildirsize file is rewritten by readers when it is longer than 5,120 octets; a longer one is
 * read so far. */
#define PF_LIMIT_MAILDIRSIZE (64 * PF_KIB)

/* --- D-Bus callers ---------------------------------------------------------------------------- */

#define PF_LIMIT_SECRET (64 * PF_KIB)
#define PF_LIMIT_SECRET_SECONDS 5
/* A secret's name in the keyring: schema, address and kind. */
#define PF_LIMIT_SECRET_NAME (4 * PF_KIB)
/* The keyring is read and written as a whole; ten thousand accounts take some 2 MiB. */
#define PF_LIMIT_KEYRING (64 * PF_MIB)
/* What one user who is not an administrator may have. */
#define PF_LIMIT_ACCOUNTS_PER_USER 50
#define PF_LIMIT_CHECKS_PER_USER 8
/* Connections to one server at a time where nobody said how many and nothing is known of it: small
 * servers let ten of one client in. */
#define PF_LIMIT_CONNECTIONS_PER_SERVER 4
/* Sessions of one check at a provider that shows a part of the mailbox at a time (250 messages at
 * Gmail); the rest follows in the next check. */
#define PF_LIMIT_CHECK_SESSIONS 400
/* Checks that persons wait for and that run at a time: they begin whatever Connections= and
 * ConnectionsPerServer= say; a mail server as it is installed takes a hundred connections. */
#define PF_LIMIT_CHECKS_BY_PERSON 100
/* A finished Check stays on the bus for so long, so that its starter can read the result. */
#define PF_LIMIT_CHECK_LINGER_SECONDS 60
#define PF_LIMIT_LOG_ENTRIES 1000
/* What is kept and shown of one text of a log entry that came from outside. */
#define PF_LIMIT_EVENT_TEXT (4 * PF_KIB)
/* Calls of one user that wait for an answer, and of one connection whose user is not yet known:
 * each holds memory, the arguments and perhaps a secret. Root and the group are not bounded. */
#define PF_LIMIT_CALLS_PER_USER 64
#define PF_LIMIT_CALLS_UNKNOWN 256
/* Statistics are asked for by days. */
#define PF_LIMIT_STATISTICS_DAYS 3660
/* Rows of one answer, the newest: ten thousand accounts over years would fill a D-Bus message. */
#define PF_LIMIT_STATISTICS_ROWS 100000
/* How often changes are told, in milliseconds between two tellings: accounts, progress of
 * checks. */
#define PF_LIMIT_TELL_ACCOUNTS_MS 250
#define PF_LIMIT_TELL_CHECKS_MS 200
/* A large answer is made in turns of the main loop, each so long (us); accounts that changed
 * meanwhile are made in another round, or in the last turn when there are no more than these. */
#define PF_LIMIT_TURN_US 5000
#define PF_LIMIT_ENTRIES_A_TURN 100
#define PF_LIMIT_GATHERING_ROUNDS 5
/* Removed accounts whose owner is remembered for the log entry that tells of it. */
#define PF_LIMIT_DEPARTED 1000
/* The message bus answers at once, or something is broken. */
#define PF_LIMIT_BUS_SECONDS 10
/* FilterPolicy.Status() waits for a scanner's answer so long: somebody looks at a screen meanwhile.
 * However many ask, each scanner is asked once at a time. */
#define PF_LIMIT_PROBE_SECONDS 5
/* Of each value in the log entry that tells of a changed filter policy. */
#define PF_LIMIT_POLICY_TEXT 120
/* polkitd can hang for ever. */
#define PF_LIMIT_POLKIT_SECONDS 10
#define PF_LIMIT_POLKIT_INTERACTIVE_SECONDS 300
/* While somebody is asked, polkitd is pinged so often, and answers as soon. */
#define PF_LIMIT_POLKIT_PING_SECONDS 5
/* One setting's text, one list's length. */
#define PF_LIMIT_SETTING_LENGTH (4 * PF_KIB)
#define PF_LIMIT_SETTING_ITEMS 1000
/* All items of a list together: so the file of an account whose every setting is as long as it may
 * be can be read. */
#define PF_LIMIT_SETTING_LIST (40 * PF_KIB)
/* What is wrong with settings is told so often, and then no more. */
#define PF_LIMIT_SETTING_FAULTS 100
/* An account's key file. */
#define PF_LIMIT_ACCOUNT_FILE (256 * PF_KIB)
/* Files that change are read when they have been quiet for so long, or at the latest after the
 * second time. */
#define PF_LIMIT_FOLDER_QUIET_MS 200
#define PF_LIMIT_FOLDER_LATEST_MS 1000
/* A folder that cannot be watched is read so often. */
#define PF_LIMIT_FOLDER_POLL_SECONDS 60

/* --- Waiting ---------------------------------------------------------------------------------- */

/* The secret store may be a keyring that waits for a person who is not there. */
#define PF_LIMIT_SECRETS_SECONDS 10
/* LOGOUT is a courtesy. */
#define PF_LIMIT_LOGOUT_SECONDS 5
