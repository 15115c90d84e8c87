/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Find the daemon, check that it is ours, and call its Authentication interface.
 */
#include "terminal.h"

#include <errno.h>
#include <pwd.h>
#include <security/pam_modutil.h>
#include <stdarg.h>
#include <string.h>

#define NAME "org.smsotp1"
#define DRIVER "org.freedesktop.DBus"
/* The system user the daemon runs as. */
#define USER "smsotp"
/* No account, host or terminal name is longer. A longer one is refused: cut, it would be another
 * name, and sent, it could make the bus drop us, which fail=ignore would forgive. */
#define LONGEST_ITEM 4096

/* Make a call to the bus driver or the daemon; NULL for want of memory. sd-bus wipes the message
 * when it is gone. */
static sd_bus_message *new_call(struct terminal *t, const char *to, const char *member,
                                const char *types, ...)
{
    bool is_driver = !strcmp(to, DRIVER);
    const char *path = is_driver ? "/org/freedesktop/DBus" : "/org/smsotp1";
    const char *interface = is_driver ? DRIVER : NAME ".Authentication";
    sd_bus_message *call = NULL;
    va_list values;
    if (sd_bus_message_new_method_call(t->bus, &call, to, path, interface, member) < 0)
        return NULL;
    va_start(values, types);
    bool is_made = sd_bus_message_sensitive(call) >= 0 &&
                   sd_bus_message_appendv(call, types, values) >= 0;
    va_end(values);
    return is_made ? call : sd_bus_message_unref(call);
}

/* Take the user's name as the account has it; a name that nobody knows as it is. Directories take
 * `ALICE` and `alice@corp` for `alice`, and so does the stack around us. Under another name she
 * would not be enrolled, which some policies let pass to the password alone.
 *
 * Before the bus is asked: where PAM has no name yet, somebody types it now; and a caller who left
 * us few descriptors shall not make the look-up fail here and succeed around us. */
bool find_user(struct terminal *t)
{
    if (pam_get_user(t->pamh, &t->user, NULL) != PAM_SUCCESS)
        return denied(t, PAM_CONV_ERR, "there is no user name");
    const struct passwd *account = t->user ? pam_modutil_getpwnam(t->pamh, t->user) : NULL;
    if (account)
        t->user = account->pw_name;
    return true;
}

static bool find_owner(struct terminal *t)
{
    sd_bus_message *reply;
    const char *owner = "";
    if (!exchange(t, new_call(t, DRIVER, "GetNameOwner", "s", NAME), "s", &reply))
        return false;
    bool is_read = sd_bus_message_read(reply, "s", &owner) > 0 && strlen(owner) < sizeof t->daemon;
    if (is_read)
        strcpy(t->daemon, owner);
    sd_bus_message_unref(reply);
    return is_read || denied(t, PAM_AUTH_ERR, "bad reply to GetNameOwner");
}

/* Find the name's owner, started if need be, and refuse one of a foreign user. From here on its
 * unique name is used: the well-known one could change hands. */
bool find_daemon(struct terminal *t)
{
    sd_bus_message *reply;
    uint32_t uid = UINT32_MAX;
    if (!find_owner(t)) {
        if (t->failure.code != UNREACHABLE ||
            !exchange(t, new_call(t, DRIVER, "StartServiceByName", "su", NAME, 0), "u", &reply))
            return false;
        sd_bus_message_unref(reply);
        if (!find_owner(t))
            return false;
    }
    if (!exchange(t, new_call(t, DRIVER, "GetConnectionUnixUser", "s", t->daemon), "u", &reply))
        return false;
    bool is_read = sd_bus_message_read(reply, "u", &uid) > 0;
    sd_bus_message_unref(reply);
    const struct passwd *ours = uid == 0 ? NULL : pam_modutil_getpwnam(t->pamh, USER);
    return (is_read && (uid == 0 || (ours && uid == ours->pw_uid))) ||
           denied(t, PAM_AUTHINFO_UNAVAIL, NAME " is owned by uid %u", uid);
}

/* Append an item of the context; what PAM does not know is empty. */
static bool put(struct terminal *t, sd_bus_message *call, const char *name, const void *value)
{
    const char *text = value ? value : "";
    if (strlen(text) > LONGEST_ITEM)
        return denied(t, PAM_AUTH_ERR, "a PAM item is absurdly long");
    if (!is_utf8(text))
        return denied(t, PAM_AUTHINFO_UNAVAIL, "a PAM item is not UTF-8");
    int result = sd_bus_message_append(call, "{sv}", name, "s", text);
    return result >= 0 || failed(t, result, "cannot ask");
}

static bool put_item(struct terminal *t, sd_bus_message *call, const char *name, int type)
{
    const void *value = NULL;
    int result = pam_get_item(t->pamh, type, &value);
    return put(t, call, name, result == PAM_SUCCESS ? value : NULL);
}

static bool put_flags(struct terminal *t, sd_bus_message *call, bool has_password)
{
    const char *flags[3] = {NULL};
    int count = 0;
    if (t->flags & (int)PAM_SILENT)
        flags[count++] = "silent";
    if (has_password)
        flags[count++] = t->arguments.use_first_pass ? "use-first-pass" : "try-first-pass";
    int result = sd_bus_message_append(call, "{sv}", "flags", "as", count, flags[0], flags[1]);
    return result >= 0 || failed(t, result, "cannot ask");
}

static bool put_context(struct terminal *t, sd_bus_message *call, const char *mode,
                        bool has_password)
{
    const struct arguments *a = &t->arguments;
    if (sd_bus_message_open_container(call, 'a', "{sv}") < 0)
        return failed(t, ENOMEM, "cannot ask");
    return put(t, call, "user", t->user) && put_item(t, call, "service", PAM_SERVICE) &&
           put_item(t, call, "rhost", PAM_RHOST) && put_item(t, call, "tty", PAM_TTY) &&
           put_item(t, call, "ruser", PAM_RUSER) && put(t, call, "mode", mode) &&
           put_flags(t, call, has_password) &&
           (!a->pin_prompt || put(t, call, "pin_prompt", a->pin_prompt)) &&
           (!a->code_prompt || put(t, call, "code_prompt", a->code_prompt)) &&
           (sd_bus_message_close_container(call) >= 0 || failed(t, ENOMEM, "cannot ask"));
}

/* Open a transaction. */
bool begin(struct terminal *t, const char *mode, bool has_password, sd_bus_message **reply)
{
    sd_bus_message *call = new_call(t, t->daemon, "Begin", "");
    if (call && !put_context(t, call, mode, has_password)) {
        sd_bus_message_unref(call);
        return false;
    }
    return exchange(t, call, "sa(ss)", reply);
}

/* Relay an answer. */
bool respond(struct terminal *t, const char *transaction, const char *answer,
             sd_bus_message **reply)
{
    renew_deadline(t);
    sd_bus_message *call = new_call(t, t->daemon, "Respond", "ss", transaction, answer);
    return exchange(t, call, "a(ss)", reply);
}

/* Give the transaction up, without waiting; the daemon also notices that we leave. */
void cancel(struct terminal *t, const char *transaction)
{
    sd_bus_message *call = new_call(t, t->daemon, "Cancel", "s", transaction);
    if (call && sd_bus_message_set_expect_reply(call, false) >= 0)
        sd_bus_send(t->bus, call, NULL);
    sd_bus_message_unref(call);
}
