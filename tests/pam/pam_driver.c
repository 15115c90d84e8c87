/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A PAM application with scripted answers.
 *
 *   pam_driver [-r ROUNDS] [-p PHASE] [-w MS] [-x HEX] [-nsfublqm] SERVICE USER [ANSWER…]
 *
 *   -r  as many PAM transactions in this one process (the answers start again in each)
 *   -p  authenticate (default), setcred, account, session, password
 *   -s  PAM_SILENT
 *   -f  every conversation fails
 *   -u  once all answers are used, reply with no text (default: the conversation fails)
 *   -x  one more answer, given in hexadecimal
 *   -n  start without the user's name, which then counts as the first answer
 *   -w  as many milliseconds of thought before the first answer
 *   -b  block SIGINT, as sudo does
 *   -l  log "host was here" at the end, as program "host" with facility authpriv
 *   -q  only figures: ms from pam_start to the first prompt or outcome, to the outcome, and of the
 *       call itself; the result; resident memory in KiB behind it
 *   -m  count the copies of the last answer that are left in memory, besides the driver's own
 *
 * Writes one line per fact: "info TEXT", "hidden TEXT", "result NUMBER", "fds BEFORE AFTER",
 * "sigint default|changed" (as the conversation and the application find it), "inherited" where the
 * conversation finds a descriptor that is not close-on-exec.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static char **answers;
static int answers_count, answers_used, fails, ends_in_null, quiet, logs, counts, thought_ms;
static int inherited;
static double started, prompted;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void show(const char *kind, const char *text)
{
    if (!quiet)
        printf("%s %s\n", kind, text);
}

static void show_sigint(void)
{
    struct sigaction action;
    sigaction(SIGINT, NULL, &action);
    show("sigint", action.sa_handler == SIG_DFL ? "default" : "changed");
}

/* Count those that a program which the host starts now would have, too. */
static int inherited_descriptors(void)
{
    int count = 0;
    for (int each = 0; each < 1024; each++) {
        int flags = fcntl(each, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Count in all memory that can be written, but that of the buffer it is copied to. */
static int copies_of(const char *text)
{
    enum { SIZE = 1 << 20 };
    size_t length = strlen(text);
    int count = 0, memory = open("/proc/self/mem", O_RDONLY);
    char *buffer = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512], writes;
    unsigned long from, to;
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx r%c", &from, &to, &writes) != 3 || writes != 'w')
            continue;
        for (unsigned long at = from; at < to; at += SIZE - length) {
            if (at + SIZE > (unsigned long)buffer && at < (unsigned long)buffer + SIZE)
                continue;
            ssize_t got = pread(memory, buffer, to - at < SIZE ? to - at : SIZE, (off_t)at);
            for (char *hit = buffer; got > 0; count++, hit++) {
                hit = memmem(hit, (size_t)(buffer + got - hit), text, length);
                if (!hit)
                    break;
            }
        }
    }
    munmap(buffer, SIZE);
    fclose(maps);
    close(memory);
    return count - 1;
}

static int converse(int n, const struct pam_message **messages, struct pam_response **replies,
                    void *data)
{
    (void)data;
    show_sigint();
    if (inherited_descriptors() != inherited)
        show("inherited", "another descriptor");
    if (fails)
        return PAM_CONV_ERR;
    struct pam_response *made = calloc(n, sizeof *made);
    for (int i = 0; i < n; i++) {
        int style = messages[i]->msg_style;
        show(style == PAM_PROMPT_ECHO_OFF  ? "hidden"
             : style == PAM_PROMPT_ECHO_ON ? "visible"
             : style == PAM_ERROR_MSG      ? "error"
                                           : "info",
             messages[i]->msg);
        if (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON)
            continue;
        if (!prompted)
            prompted = now_ms();
        fflush(stdout);
        if (answers_used == 0)
            usleep((useconds_t)thought_ms * 1000);
        if (answers_used < answers_count)
            made[i].resp = strdup(answers[answers_used++]);
        else if (!ends_in_null) {
            free(made);
            return PAM_CONV_ERR;
        }
    }
    *replies = made;
    return PAM_SUCCESS;
}

static char *from_hex(const char *hex)
{
    size_t length = strlen(hex) / 2;
    char *text = calloc(length + 1, 1);
    for (size_t i = 0; i < length; i++) {
        unsigned int byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        text[i] = (char)byte;
    }
    return text;
}

int main(int argc, char **argv)
{
    int rounds = 1, flags = 0, nameless = 0, option;
    const char *phase = "authenticate", *extra = NULL;
    while ((option = getopt(argc, argv, "+r:p:x:w:nsfublqm")) != -1)
        switch (option) {
        case 'r': rounds = atoi(optarg); break;
        case 'p': phase = optarg; break;
        case 'x': extra = optarg; break;
        case 'w': thought_ms = atoi(optarg); break;
        case 'n': nameless = 1; break;
        case 's': flags |= PAM_SILENT; break;
        case 'f': fails = 1; break;
        case 'u': ends_in_null = 1; break;
        case 'q': quiet = 1; break;
        case 'm': counts = 1; break;
        case 'l': logs = 1; openlog("host", 0, LOG_AUTHPRIV); break;
        case 'b': {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGINT);
            sigprocmask(SIG_BLOCK, &set, NULL);
            break;
        }
        default: return 2;
        }
    if (argc - optind < 2)
        return 2;
    const char *service = argv[optind], *user = argv[optind + 1];
    answers_count = argc - optind - 2 + nameless;
    answers = calloc(answers_count + 1, sizeof *answers);
    memcpy(answers, argv + optind + 2 - nameless, answers_count * sizeof *answers);
    if (extra)
        answers[answers_count++] = from_hex(extra);
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct pam_conv conversation = {converse, NULL};
    int result = PAM_ABORT;
    for (int round = 0; round < rounds; round++) {
        pam_handle_t *handle;
        int before = open_descriptors();
        answers_used = 0;
        prompted = 0;
        inherited = inherited_descriptors();
        started = now_ms();
        if (pam_start(service, nameless ? NULL : user, &conversation, &handle) != PAM_SUCCESS)
            return 3;
        pam_set_item(handle, PAM_TTY, "pts/7");
        pam_set_item(handle, PAM_RHOST, "192.0.2.7");
        pam_set_item(handle, PAM_RUSER, "mallory");
        double called = now_ms();
        if (!strcmp(phase, "authenticate"))
            result = pam_authenticate(handle, flags);
        else if (!strcmp(phase, "setcred"))
            result = pam_setcred(handle, flags | PAM_ESTABLISH_CRED);
        else if (!strcmp(phase, "account"))
            result = pam_acct_mgmt(handle, flags);
        else if (!strcmp(phase, "password"))
            result = pam_chauthtok(handle, flags);
        else {
            result = pam_open_session(handle, flags);
            if (result == PAM_SUCCESS)
                result = pam_close_session(handle, flags);
        }
        show_sigint();
        double judged = now_ms();
        long resident = quiet ? resident_kib() : 0;
        if (counts)
            printf("copies %d\n", copies_of(answers[answers_count - 1]));
        pam_end(handle, result);
        if (quiet)
            printf("%.3f %.3f %.3f %d %ld\n", (prompted ? prompted : judged) - started,
                   judged - started, judged - called, result, resident);
        else
            printf("result %d\nfds %d %d\n", result, before, open_descriptors());
    }
    if (logs)
        syslog(LOG_INFO, "host was here");
    return result == PAM_SUCCESS ? 0 : 1;
}
