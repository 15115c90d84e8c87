/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Which PAM return code stands for each outcome and each failure: pam_smsotp/verdict.py in C.
 */
#include "terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What the daemon may decide. Anything else is a denial. */
static const struct {
    const char *name;
    int code;
} outcomes[] = {
#define OUTCOME(name) {#name, name}
    OUTCOME(PAM_SUCCESS),      OUTCOME(PAM_IGNORE),        OUTCOME(PAM_ABORT),
    OUTCOME(PAM_ACCT_EXPIRED), OUTCOME(PAM_AUTHTOK_ERR),   OUTCOME(PAM_AUTHINFO_UNAVAIL),
    OUTCOME(PAM_AUTH_ERR),     OUTCOME(PAM_CONV_ERR),      OUTCOME(PAM_AUTHTOK_RECOVERY_ERR),
    OUTCOME(PAM_CRED_UNAVAIL), OUTCOME(PAM_MAXTRIES),      OUTCOME(PAM_CRED_INSUFFICIENT),
    OUTCOME(PAM_PERM_DENIED),  OUTCOME(PAM_SERVICE_ERR),   OUTCOME(PAM_SYSTEM_ERR),
    OUTCOME(PAM_TRY_AGAIN),    OUTCOME(PAM_USER_UNKNOWN),
};

/* The errors that mean: nobody there. Busy and LimitsExceeded are left out on purpose: a caller
 * who opens enough transactions would otherwise switch the second step off. */
static const char *const nobody_there[] = {
    "org.smsotp1.Error.Unavailable",
    "org.freedesktop.DBus.Error.Disconnected",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.NoServer",
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.TimedOut",
    "org.freedesktop.DBus.Error.Timeout",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Remember why the login ends; false, for the caller to return. */
bool denied(struct terminal *t, int code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    t->failure.code = code;
    vsnprintf(t->failure.reason, sizeof t->failure.reason, format, values);
    va_end(values);
    return false;
}

/* Tell a bus that is gone from a want of memory or descriptors, which a caller can bring about. */
bool failed(struct terminal *t, int error, const char *what)
{
    static const int gone[] = {ECONNABORTED, ECONNREFUSED, ECONNRESET, EACCES, ENOENT, ENOTCONN,
                               ENOTDIR, EPERM, EPIPE, EPROTO, ESHUTDOWN, ETIMEDOUT};
    int code = PAM_AUTHINFO_UNAVAIL;
    errno = error < 0 ? -error : error; /* of sd-bus, or of the kernel; %m prints it */
    for (size_t i = 0; i < COUNT(gone); i++)
        if (errno == gone[i])
            code = UNREACHABLE;
    return denied(t, code, "%s: %m", what);
}

/* Say what a D-Bus error means; its text is never read, it might quote an answer. sd-bus has seen
 * that the name is one: letters, digits, dots and underscores. */
bool failed_by_name(struct terminal *t, const char *name)
{
    int code = PAM_AUTH_ERR;
    /* Right to refuse, yet no judgement of the answer: the user reads "not available". */
    if (!strcmp(name, "org.smsotp1.Error.Busy") ||
        !strcmp(name, "org.freedesktop.DBus.Error.LimitsExceeded"))
        code = PAM_AUTHINFO_UNAVAIL;
    for (size_t i = 0; i < COUNT(nobody_there); i++)
        if (!strcmp(name, nobody_there[i]))
            code = UNREACHABLE;
    /* Activation failed: the driver's own words for it, and systemd's (NoSuchUnit, …). */
    if (!strncmp(name, "org.freedesktop.DBus.Error.Spawn.", 33) ||
        !strncmp(name, "org.freedesktop.systemd1.", 25))
        code = UNREACHABLE;
    return denied(t, code, "%.100s", name);
}

int code_from_outcome(const char *outcome)
{
    for (size_t i = 0; i < COUNT(outcomes); i++)
        if (!strcmp(outcome, outcomes[i].name))
            return outcomes[i].code;
    return PAM_AUTH_ERR;
}

const char *name_of(int code)
{
    for (size_t i = 0; i < COUNT(outcomes); i++)
        if (code == outcomes[i].code)
            return outcomes[i].name;
    return "?";
}
