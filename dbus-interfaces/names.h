/* names.h - every name of the interface: bus, paths, interfaces, polkit actions. */
#pragma once

#define PF_BUS_NAME "org.postferry1"
#define PF_PATH_ROOT "/org/postferry1"
#define PF_PATH_MANAGER PF_PATH_ROOT "/Manager"
#define PF_PATH_ACCOUNTS PF_PATH_ROOT "/account"
#define PF_PATH_CHECKS PF_PATH_ROOT "/check"
#define PF_PATH_FILTER PF_PATH_ROOT "/filter"
#define PF_PATH_QUARANTINE PF_PATH_ROOT "/quarantine"

#define PF_INTERFACE_MANAGER "org.postferry1.Manager"
#define PF_INTERFACE_ACCOUNT "org.postferry1.Account"
#define PF_INTERFACE_CHECK "org.postferry1.Check"
#define PF_INTERFACE_FILTER "org.postferry1.FilterPolicy"
#define PF_INTERFACE_QUARANTINE "org.postferry1.Quarantine"

#define PF_ACTION_CHECK "org.postferry1.check"
#define PF_ACTION_MANAGE_OWN "org.postferry1.manage-own"
#define PF_ACTION_MANAGE "org.postferry1.manage"
#define PF_ACTION_CONFIGURE "org.postferry1.configure"
#define PF_ACTION_QUARANTINE_OWN "org.postferry1.quarantine-own"
#define PF_ACTION_QUARANTINE "org.postferry1.quarantine"

#define PF_APPLICATION_ID "org.postferry.Postferry"
