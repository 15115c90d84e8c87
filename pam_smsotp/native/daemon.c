/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Find the daemon, check that it is ours, and call its Authentication interface.
 */
#include "terminal.h"

#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <stdio.h>
#include <string.h>

#define NAME "org.smsotp1"
#define DRIVER "org.freedesktop.DBus"
/* The system user the daemon runs as. */
#define USER "smsotp"
/* No account, host or terminal name is longer. A longer one is refused: cut, it would be another
 * name, and sent, it could make the bus drop us, which fail=ignore would forgive. */
#define LONGEST_ITEM 4096

/* Make a call, or NULL. Strings only: all that we send but Begin's context. */
static sd_bus_message *new_call(struct terminal *t, const char *member, const char *first,
                                const char *second)
{
    sd_bus_message *call = NULL;
    if (sd_bus_message_new_method_call(t->bus, &call, t->daemon, "/org/smsotp1",
                                       NAME ".Authentication", member) < 0)
        return NULL;
    if ((!first || sd_bus_message_append(call, "s", first) >= 0) &&
        (!second || (sd_bus_message_sensitive(call) >= 0 &&
                     sd_bus_message_append(call, "s", second) >= 0)))
        return call;
    return sd_bus_message_unref(call);
}

static bool ask_driver(struct terminal *t, const char *member, const char *name,
                       const char *returns, sd_bus_message **reply)
{
    sd_bus_message *call = NULL;
    bool starts = !strcmp(member, "StartServiceByName");
    if (sd_bus_message_new_method_call(t->bus, &call, DRIVER, "/org/freedesktop/DBus", DRIVER,
                                       member) < 0)
        call = NULL;
    else if (sd_bus_message_append(call, starts ? "su" : "s", name, 0) < 0)
        call = sd_bus_message_unref(call);
    return exchange(t, call, returns, reply);
}

static bool find_owner(struct terminal *t)
{
    sd_bus_message *reply;
    const char *owner = "";
    if (!ask_driver(t, "GetNameOwner", NAME, "s", &reply))
        return false;
    bool is_read = sd_bus_message_read(reply, "s", &owner) > 0 && strlen(owner) < sizeof t->daemon;
    if (is_read)
        memcpy(t->daemon, owner, strlen(owner) + 1);
    sd_bus_message_unref(reply);
    return is_read || denied(t, PAM_AUTH_ERR, "bad reply to GetNameOwner");
}

/* Find the name's owner, started if need be, and refuse one of a foreign user. From here on its
 * unique name is used: the well-known one could change hands. */
bool find_daemon(struct terminal *t)
{
    sd_bus_message *reply;
    if (!find_owner(t)) {
        if (!t->failure.unreachable || !ask_driver(t, "StartServiceByName", NAME, "u", &reply))
            return false;
        sd_bus_message_unref(reply);
        if (!find_owner(t))
            return false;
    }
    uint32_t uid = UINT32_MAX;
    if (!ask_driver(t, "GetConnectionUnixUser", t->daemon, "u", &reply))
        return false;
    sd_bus_message_read(reply, "u", &uid);
    sd_bus_message_unref(reply);
    if (uid == 0)
        return true;
    const struct passwd *ours = pam_modutil_getpwnam(t->pamh, USER);
    return (ours && uid == ours->pw_uid) ||
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

/* Append the user's name as the account has it; a name that nobody knows as it is. Directories take
 * `ALICE` and `alice@corp` for `alice`, and so does the stack around us. Under another name she
 * would not be enrolled, which some policies let pass to the password alone. */
static bool put_user(struct terminal *t, sd_bus_message *call)
{
    const char *user = NULL;
    if (pam_get_user(t->pamh, &user, NULL) != PAM_SUCCESS)
        return denied(t, PAM_CONV_ERR, "there is no user name");
    const struct passwd *account = pam_modutil_getpwnam(t->pamh, user ? user : "");
    return put(t, call, "user", account ? account->pw_name : user);
}

static bool put_flags(struct terminal *t, sd_bus_message *call, bool has_password)
{
    char *flags[3] = {NULL};
    int count = 0;
    if (t->flags & PAM_SILENT)
        flags[count++] = "silent";
    if (has_password)
        flags[count++] = t->arguments.use_first_pass ? "use-first-pass" : "try-first-pass";
    int result = sd_bus_message_open_container(call, 'e', "sv");
    if (result >= 0)
        result = sd_bus_message_append(call, "s", "flags");
    if (result >= 0)
        result = sd_bus_message_open_container(call, 'v', "as");
    if (result >= 0)
        result = sd_bus_message_append_strv(call, flags);
    if (result >= 0)
        result = sd_bus_message_close_container(call);
    if (result >= 0)
        result = sd_bus_message_close_container(call);
    return result >= 0 || failed(t, result, "cannot ask");
}

/* Open a transaction. */
bool begin(struct terminal *t, const char *mode, const char *password, sd_bus_message **reply)
{
    const struct arguments *a = &t->arguments;
    sd_bus_message *call = new_call(t, "Begin", NULL, NULL);
    if (!call || sd_bus_message_open_container(call, 'a', "{sv}") < 0) {
        sd_bus_message_unref(call);
        return exchange(t, NULL, "", reply);
    }
    if (put_user(t, call) && put_item(t, call, "service", PAM_SERVICE) &&
        put_item(t, call, "rhost", PAM_RHOST) && put_item(t, call, "tty", PAM_TTY) &&
        put_item(t, call, "ruser", PAM_RUSER) && put(t, call, "mode", mode) &&
        put_flags(t, call, password != NULL) &&
        (!a->pin_prompt || put(t, call, "pin_prompt", a->pin_prompt)) &&
        (!a->code_prompt || put(t, call, "code_prompt", a->code_prompt)) &&
        sd_bus_message_close_container(call) >= 0)
        return exchange(t, call, "sa(ss)", reply);
    sd_bus_message_unref(call);
    return false;
}

/* Relay an answer; sd-bus wipes the message when it is gone. */
bool respond(struct terminal *t, const char *transaction, const char *answer,
             sd_bus_message **reply)
{
    renew_deadline(t);
    return exchange(t, new_call(t, "Respond", transaction, answer), "a(ss)", reply);
}

/* Give the transaction up, without waiting; the daemon also notices that we leave. */
void cancel(struct terminal *t, const char *transaction)
{
    sd_bus_message *call = new_call(t, "Cancel", transaction, NULL);
    if (call && sd_bus_message_set_expect_reply(call, false) >= 0)
        sd_bus_send(t->bus, call, NULL);
    sd_bus_message_unref(call);
}
