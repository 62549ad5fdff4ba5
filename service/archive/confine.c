#include "archive/confine.h"

#include "base/limits.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sock_fprog filter;

/* What memory, the clock and the end of a process need. */
static const int harmless[] = {
  SCMP_SYS (munmap),        SCMP_SYS (mremap),         SCMP_SYS (brk),
  SCMP_SYS (madvise),       SCMP_SYS (futex),          SCMP_SYS (exit),
  SCMP_SYS (exit_group),    SCMP_SYS (rt_sigprocmask), SCMP_SYS (rt_sigreturn),
  SCMP_SYS (clock_gettime), SCMP_SYS (gettimeofday),   SCMP_SYS (time),
  SCMP_SYS (getrandom),     SCMP_SYS (getpid),         SCMP_SYS (gettid),
  SCMP_SYS (sched_yield),   SCMP_SYS (sysinfo),        SCMP_SYS (restart_syscall),
};

/* Libraries try these and can do without: an error, not the end. */
static const int refused[] = {
  SCMP_SYS (open),
  SCMP_SYS (openat),
  SCMP_SYS (stat),
  SCMP_SYS (lstat),
  SCMP_SYS (fstat),
  SCMP_SYS (newfstatat),
  SCMP_SYS (statx),
  SCMP_SYS (access),
  SCMP_SYS (faccessat),
  SCMP_SYS (faccessat2),
  SCMP_SYS (readlink),
  SCMP_SYS (readlinkat),
  SCMP_SYS (ioctl),
  SCMP_SYS (fcntl),
  SCMP_SYS (lseek),
  SCMP_SYS (getcwd),
  SCMP_SYS (uname),
  SCMP_SYS (prlimit64),
  SCMP_SYS (sched_getaffinity),
  SCMP_SYS (close),
  SCMP_SYS (read),
};

/* --- The filter ------------------------------------------------------------------------------- */

static gboolean
add_rules (scmp_filter_ctx context)
{
  int failed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (harmless); i++)
    failed |= seccomp_rule_add (context, SCMP_ACT_ALLOW, harmless[i], 0);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    failed |= seccomp_rule_add (context, SCMP_ACT_ERRNO (EACCES), refused[i], 0);
  failed |= seccomp_rule_add (context, SCMP_ACT_ALLOW, SCMP_SYS (pread64), 1,
                              SCMP_A0_32 (SCMP_CMP_EQ, PF_MESSAGE_FD));
  failed |= seccomp_rule_add (context, SCMP_ACT_ALLOW, SCMP_SYS (write), 1,
                              SCMP_A0_32 (SCMP_CMP_EQ, PF_ANSWER_FD));
#ifdef __SANITIZE_ADDRESS__
  failed |= seccomp_rule_add (context, SCMP_ACT_ALLOW, SCMP_SYS (write), 1,
                              SCMP_A0_32 (SCMP_CMP_EQ, STDERR_FILENO));
#endif
  /* Memory only, and none that holds a program. */
  failed |= seccomp_rule_add (context, SCMP_ACT_ALLOW, SCMP_SYS (mmap), 2,
                              SCMP_A2_32 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                              SCMP_A3_32 (SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
  failed |= seccomp_rule_add (context, SCMP_ACT_ALLOW, SCMP_SYS (mprotect), 1,
                              SCMP_A2_32 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  return failed == 0;
}

/* As the kernel takes it: libseccomp would make it anew for each process. */
static gboolean
export_filter (scmp_filter_ctx context)
{
  int fd = memfd_create ("filter", MFD_CLOEXEC);
  struct stat status;
  void *octets;

  if (fd < 0)
    return FALSE;
  if (seccomp_export_bpf (context, fd) != 0 || fstat (fd, &status) != 0)
    {
      close (fd);
      return FALSE;
    }
  octets = g_malloc ((gsize) status.st_size);
  filter.filter = octets;
  filter.len = (unsigned short) ((gsize) status.st_size / sizeof (struct sock_filter));
  if (pread (fd, octets, (gsize) status.st_size, 0) != status.st_size)
    filter.len = 0;
  close (fd);
  return filter.len > 0;
}

gboolean
pf_confine_prepare (void)
{
  scmp_filter_ctx context = seccomp_init (SCMP_ACT_KILL_PROCESS);
  gboolean ok = context != NULL && add_rules (context) && export_filter (context);

  seccomp_release (context);
  if (!ok)
    g_printerr ("postferry-archive: the filter of system calls cannot be made\n");
  return ok;
}

/* --- The process ------------------------------------------------------------------------------ */

static gboolean
limit (int resource, guint64 soft, guint64 hard)
{
  const struct rlimit value = { (rlim_t) soft, (rlim_t) hard };

  return setrlimit (resource, &value) == 0;
}

gboolean
pf_confine (void)
{
#ifndef __SANITIZE_ADDRESS__
  /* The sanitizer keeps a shadow of all addresses there are. */
  if (!limit (RLIMIT_AS, PF_LIMIT_ARCHIVE_ADDRESS_SPACE, PF_LIMIT_ARCHIVE_ADDRESS_SPACE))
    return FALSE;
#endif
  if (!limit (RLIMIT_CPU, PF_LIMIT_ARCHIVE_CPU_SECONDS, PF_LIMIT_ARCHIVE_CPU_SECONDS + 1)
      || !limit (RLIMIT_CORE, 0, 0) || !limit (RLIMIT_FSIZE, 0, 0) || !limit (RLIMIT_NOFILE, 0, 0))
    return FALSE;
  alarm (PF_LIMIT_ARCHIVE_CLOCK_SECONDS);
  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
         && prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
