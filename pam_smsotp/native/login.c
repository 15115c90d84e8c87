/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Lead one login: show, ask and relay what the daemon says, until its outcome.
 */
#include "terminal.h"

#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

/* The daemon limits attempts itself; this only ends a loop that asks nobody (authtok for ever). */
#define MOST_ANSWERS 64
/* Steps are a few short lines; what is longer than this is not for us. In bytes. */
#define LONGEST_STEPS (64 * 1024)

static bool show_step(struct terminal *t, const char *kind, const char *text)
{
    if (!strcmp(kind, "info"))
        return show(t, PAM_TEXT_INFO, text);
    if (!strcmp(kind, "error"))
        return show(t, PAM_ERROR_MSG, text);
    return denied(t, PAM_AUTH_ERR, "the daemon sent steps out of order");
}

/* Show all steps but the last and return that one, in the reply's memory. */
static bool show_steps(struct terminal *t, sd_bus_message *reply, const char **kind,
                       const char **text)
{
    const char *next_kind, *next_text;
    size_t total = 0, count = 0;
    *kind = *text = "";
    int result = sd_bus_message_enter_container(reply, 'a', "(ss)");
    while (result >= 0 &&
           (result = sd_bus_message_read(reply, "(ss)", &next_kind, &next_text)) > 0) {
        total += strlen(next_kind) + strlen(next_text) + 16;
        if (total > LONGEST_STEPS)
            return denied(t, PAM_AUTH_ERR, "the daemon sent too much");
        if (count++ > 0 && !show_step(t, *kind, *text))
            return false;
        *kind = next_kind;
        *text = next_text;
    }
    return (result >= 0 && count > 0) || denied(t, PAM_AUTH_ERR, "the daemon sent no step");
}

/* Answer the last step. Takes the reply it stands in and hands over the next one. */
static bool answer_step(struct terminal *t, const char *transaction, const char *kind,
                        const char *prompt, const char *password, sd_bus_message **reply)
{
    char *answer = NULL;
    bool asks = !strcmp(kind, "hidden") || !strcmp(kind, "visible");
    if (!asks && (strcmp(kind, "authtok") != 0 || !password))
        return denied(t, PAM_AUTH_ERR, "the daemon sent a last step we may not answer");
    if (asks && !ask(t, *kind == 'h' ? PAM_PROMPT_ECHO_OFF : PAM_PROMPT_ECHO_ON, prompt, &answer))
        return false;
    sd_bus_message_unref(*reply);
    *reply = NULL;
    bool is_fine = respond(t, transaction, asks ? answer : password, reply);
    wipe(answer);
    /* The answer may have been wrong: from here on nothing may be ignored. */
    if (t->failure.code == UNREACHABLE)
        t->failure.code = PAM_AUTHINFO_UNAVAIL;
    return is_fine;
}

static bool converse(struct terminal *t, const char *transaction, sd_bus_message **reply,
                     const char *password, int *code)
{
    for (int answers = 0; answers < MOST_ANSWERS; answers++) {
        const char *kind, *text;
        if (!show_steps(t, *reply, &kind, &text))
            return false;
        if (!strcmp(kind, "outcome")) {
            *code = code_from_outcome(text);
            if (t->arguments.debug)
                pam_syslog(t->pamh, LOG_DEBUG, "the daemon says %s", name_of(*code));
            return true;
        }
        if (!answer_step(t, transaction, kind, text, password, reply))
            return false;
    }
    return denied(t, PAM_AUTH_ERR, "the daemon asks without end");
}

/* Hold the daemon's conversation with the user and tell the PAM code of its outcome. */
bool login(struct terminal *t, const char *mode, const char *password, int *code)
{
    sd_bus_message *begun = NULL;
    const char *transaction = NULL;
    if (!begin(t, mode, password != NULL, &begun))
        return false;
    sd_bus_message *reply = sd_bus_message_ref(begun);
    bool is_fine = sd_bus_message_read(begun, "s", &transaction) > 0 ||
                   denied(t, PAM_AUTH_ERR, "bad reply to Begin");
    is_fine = is_fine && converse(t, transaction, &reply, password, code);
    if (!is_fine && transaction)
        cancel(t, transaction);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(begun);
    return is_fine;
}
