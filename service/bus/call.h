/* call.h - one method call on its way through the door: arguments, descriptors, the one answer. */
#pragma once

#include <gio/gio.h>

#include "bus/caller.h"

typedef struct _PfCall PfCall;

/**
 * pf_call_new:
 * @done: (nullable): called once when the call was answered or dropped
 */
PfCall     *pf_call_new (GDBusConnection *connection, GDBusMessage *message, PfCaller *caller,
                         GDestroyNotify done, gpointer data);
/* Drops the call without an answer: its caller has left. */
void        pf_call_free (PfCall *self);

PfCaller   *pf_call_caller     (const PfCall *self);
const char *pf_call_path       (const PfCall *self);
const char *pf_call_interface  (const PfCall *self); /* (nullable) */
const char *pf_call_member     (const PfCall *self);
/* A tuple, "()" when the message has no body; owned by the call. */
GVariant   *pf_call_arguments  (const PfCall *self);
/* Whether the caller allows that somebody is asked. */
gboolean    pf_call_is_interactive (const PfCall *self);
/**
 * pf_call_take_descriptor:
 * @handle: a value of type h
 *
 * Returns: the caller's to close, close-on-exec; -1 with G_DBUS_ERROR_INVALID_ARGS when the message
 * holds none such.
 */
int         pf_call_take_descriptor (const PfCall *self, gint32 handle, GError **error);

/* Each of these ends the call and frees it. @value: (nullable): a tuple, floating is taken. */
void        pf_call_return (PfCall *self, GVariant *value);
/* The same for a @value of many megabytes: it is put into the message's form in GDBus's thread
 * (pf_call_fill_in()), not here. */
void        pf_call_return_large (PfCall *self, GVariant *value);
/* The one value of type h. @fd is closed. */
void        pf_call_return_descriptor (PfCall *self, int fd);
/* In GDBus's thread, of an outgoing message (transfer full): what is to be sent in its place.
 * (transfer full) */
GDBusMessage *pf_call_fill_in (GDBusMessage *message);
void        pf_call_fail   (PfCall *self, const GError *error);
void        pf_call_fail_with (PfCall *self, GQuark domain, int code, const char *format,
                               ...) G_GNUC_PRINTF (4, 5);
/* The answer for every object that is not there or must not be seen: nothing tells the two
 * apart. */
void        pf_call_fail_unknown_object (PfCall *self);
