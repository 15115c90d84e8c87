/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The six functions PAM calls. Whatever happens below, each returns a PAM code.
 */
#include "terminal.h"

#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

#define EXPORTED __attribute__((visibility("default")))
#define NOT_AVAILABLE "The second login step is not available now."

static bool authenticate(struct terminal *t, int *code)
{
    const void *password = NULL;
    const struct arguments *a = &t->arguments;
    if ((a->use_first_pass || a->try_first_pass) &&
        pam_get_item(t->pamh, PAM_AUTHTOK, &password) != PAM_SUCCESS)
        password = NULL;
    if (a->use_first_pass && !password)
        return denied(t, PAM_AUTHTOK_RECOVERY_ERR, "use_first_pass, but the stack has none");
    if (password && !is_utf8(password))
        return denied(t, PAM_AUTHINFO_UNAVAIL, "the stack's password is not UTF-8");
    return find_user(t) && connect_to_bus(t) && find_daemon(t) &&
           login(t, a->mode, password, code);
}

static bool change_pin(struct terminal *t, int *code)
{
    *code = PAM_SUCCESS;
    if (t->flags & PAM_PRELIM_CHECK)
        return connect_to_bus(t) && find_daemon(t);
    return find_user(t) && connect_to_bus(t) && find_daemon(t) &&
           login(t, "change-pin", NULL, code);
}

/* To sudo, PAM_AUTHINFO_UNAVAIL is a wrong password: it would wait for the daemon three times. */
static bool is_sudo(pam_handle_t *pamh)
{
    const void *service = NULL;
    return pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS && service &&
           (!strcmp(service, "sudo") || !strcmp(service, "sudo-i"));
}

static int refuse(struct terminal *t)
{
    struct failure *failure = &t->failure;
    const char *held_up = "";
    if (failure->code == UNREACHABLE && was_held_up(t)) {
        failure->code = PAM_AUTHINFO_UNAVAIL;
        held_up = ", while held up";
    }
    if (failure->code == UNREACHABLE && t->arguments.fail_ignore) {
        pam_syslog(t->pamh, LOG_WARNING, "passed over (fail=ignore): %s", failure->reason);
        return PAM_IGNORE;
    }
    if (failure->code == UNREACHABLE)
        failure->code = PAM_AUTHINFO_UNAVAIL;
    pam_syslog(t->pamh, LOG_WARNING, "%s: %s%s", name_of(failure->code), failure->reason, held_up);
    if (failure->code != PAM_AUTHINFO_UNAVAIL)
        return failure->code;
    show(t, PAM_ERROR_MSG, NOT_AVAILABLE);
    return is_sudo(t->pamh) ? PAM_CRED_UNAVAIL : PAM_AUTHINFO_UNAVAIL;
}

static int judged(pam_handle_t *pamh, int flags, int argc, const char **argv,
                  bool (*phase)(struct terminal *, int *))
{
    struct terminal t = {.pamh = pamh, .flags = flags};
    int code = PAM_AUTHINFO_UNAVAIL;
    t.failure.code = PAM_AUTHINFO_UNAVAIL;
    bool is_fine = parse_arguments(&t, argc, argv) && phase(&t, &code);
    /* Not flushed: a bus that takes nothing shall not hold the login up. */
    sd_bus_close_unref(t.bus);
    return is_fine ? code : refuse(&t);
}

EXPORTED int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return judged(pamh, flags, argc, argv, authenticate);
}

/* In the preliminary round, only see that the daemon is there. */
EXPORTED int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return judged(pamh, flags, argc, argv, change_pin);
}

/* There are no credentials, and an error here would undo the login. */
EXPORTED int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}

/* Accounts and sessions are left to others. */
EXPORTED int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_IGNORE;
}

#define LEFT_TO_OTHERS EXPORTED __attribute__((alias("pam_sm_acct_mgmt")))
LEFT_TO_OTHERS int pam_sm_open_session(pam_handle_t *, int, int, const char **);
LEFT_TO_OTHERS int pam_sm_close_session(pam_handle_t *, int, int, const char **);
