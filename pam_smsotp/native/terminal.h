/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The terminal of pam_smsotp once more, for programs in which no interpreter may run.
 *
 * One `struct terminal` on the stack of the PAM call is all the state there is: nothing is global,
 * so threads and transactions do not meet. Functions that return bool say true for success; on
 * false, `failure` tells what to return. Whatever happens, the login fails closed (ADR 0005).
 */
#ifndef SMSOTP_TERMINAL_H
#define SMSOTP_TERMINAL_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* What the administrator wrote behind the module's name; pam_smsotp(8) describes each. */
struct arguments {
    const char *mode;
    const char *pin_prompt;
    const char *code_prompt;
    int timeout; /* seconds */
    bool fail_ignore;
    bool use_first_pass;
    bool try_first_pass;
    bool debug;
};

/* In the place of a PAM code: PAM_AUTHINFO_UNAVAIL, or with fail=ignore PAM_IGNORE. */
#define UNREACHABLE (-1)

/* Why the login ends. */
struct failure {
    int code;
    char reason[200]; /* a fact for the log: never an answer, a prompt or a text of the daemon */
};

struct terminal {
    pam_handle_t *pamh;
    int flags;
    struct arguments arguments;
    struct failure failure;
    const char *user; /* as the account has it; PAM's memory */
    sd_bus *bus;
    /* Of CLOCK_MONOTONIC, in µs: when the bus was asked for, and what is awaited at the longest. */
    uint64_t started, deadline;
    uint64_t waited; /* the µs of waits in which nothing came */
    char daemon[256];  /* its unique name; the specification allows 255 letters */
};

/* arguments.c */
bool parse_arguments(struct terminal *t, int count, const char **words);

/* bus.c */
void renew_deadline(struct terminal *t);
bool connect_to_bus(struct terminal *t);
bool join_bus(struct terminal *t, int descriptor);
bool was_held_up(const struct terminal *t);
bool exchange(struct terminal *t, sd_bus_message *call, const char *returns,
              sd_bus_message **reply);

/* conversation.c */
bool show(struct terminal *t, int style, const char *text);
bool ask(struct terminal *t, int style, const char *prompt, char **answer);
void wipe(char *answer);

/* daemon.c */
bool find_user(struct terminal *t);
bool find_daemon(struct terminal *t);
bool begin(struct terminal *t, const char *mode, bool has_password, sd_bus_message **reply);
bool respond(struct terminal *t, const char *transaction, const char *answer,
             sd_bus_message **reply);
void cancel(struct terminal *t, const char *transaction);

/* login.c */
bool login(struct terminal *t, const char *mode, const char *password, int *code);

/* text.c */
bool is_utf8(const char *text);
bool is_printable(const char *text, size_t longest);

/* verdict.c */
bool denied(struct terminal *t, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool failed(struct terminal *t, int error, const char *what);
bool failed_by_name(struct terminal *t, const char *name);
int code_from_outcome(const char *outcome);
const char *name_of(int code);

#endif
