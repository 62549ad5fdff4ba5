/* pump.h - drives one protocol machine over one channel, with its time-outs. */
#pragma once

#include "net/channel.h"
#include "protocol/machine.h"

typedef struct _PfPump PfPump;

typedef struct
{
  /* The machine was fed: drain its events now. May free the pump. */
  void (*progress) (PfPump *pump, gpointer user_data);
  /* Once, and nothing after it. PF_PROBLEM: CONNECTION_FAILED, TLS_FAILED or TIMED_OUT. Not called
   * when the peer ended the stream while nothing was owed (in order, or under TLS without
   * close_notify, as many servers do after QUIT): then the machine got feed_eof() and progress()
   * was called. When an answer was owed, the machine gets feed_eof() and progress() is called all
   * the same, and this follows unless the pump was freed there. */
  void (*failed) (PfPump *pump, const GError *error, gpointer user_data);
  /* All output was taken by the kernel: the moment to give the machine more of a long text. May be
   * NULL. May free the pump; else it kicks itself. */
  void (*drained) (PfPump *pump, gpointer user_data);
} PfPumpHandlers;

/**
 * pf_pump_new:
 * @channel: a reference is taken; its handlers are the pump's from now on
 * @machine: stays the caller's and must outlive the pump
 * @name: the server's name for error sentences
 * @reply_timeout: seconds without any octet while the machine expects an answer
 * @command_timeout: seconds that one answer may take in all, however busy the line
 */
PfPump *pf_pump_new  (PfChannel *channel, const PfMachineClass *machine_class, gpointer machine,
                      const char *name, guint reply_timeout, guint command_timeout,
                      const PfPumpHandlers *handlers, gpointer user_data);
/* Closes the channel. Safe within handlers. */
void    pf_pump_free (PfPump *self);
/* Sends what the machine has to say. Call it after giving it commands; not needed within
 * progress(). */
void    pf_pump_kick (PfPump *self);
/* Back-pressure; the clocks stand still while off. */
void    pf_pump_set_reading (PfPump *self, gboolean reading);
/* Much is still to come: see pf_channel_set_patient(). */
void    pf_pump_set_patient (PfPump *self, gboolean patient);
/* Other bounds for what comes next (a QUIT that commits takes its time); the clocks begin anew. */
void    pf_pump_set_timeouts (PfPump *self, guint reply_timeout, guint command_timeout);
PfChannel *pf_pump_get_channel (PfPump *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfPump, pf_pump_free)
