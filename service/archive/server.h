/* server.h - the process that waits for messages, and forks a worker for each. */
#pragma once

/* Where the service's end of the pair leads to. */
#define PF_ARCHIVE_SERVER_FD 3

/* Returns when the service hung up: the program's exit status. */
int pf_archive_serve (void);
