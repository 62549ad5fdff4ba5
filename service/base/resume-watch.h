/* resume-watch.h - tells when the machine comes back from suspend. */
#pragma once

#include <gio/gio.h>

typedef struct _PfResumeWatch PfResumeWatch;
typedef void (*PfResumeFunc) (gpointer user_data);

/**
 * pf_resume_watch_new:
 * @bus: (nullable): a bus on which logind may announce sleep (PrepareForSleep)
 *
 * Calls @func after each resume: at once where logind tells, else within half a minute, seen by
 * CLOCK_BOOTTIME running ahead of CLOCK_MONOTONIC. Free with pf_resume_watch_free().
 */
PfResumeWatch *pf_resume_watch_new  (GDBusConnection *bus, PfResumeFunc func, gpointer user_data);
void           pf_resume_watch_free (PfResumeWatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfResumeWatch, pf_resume_watch_free)
