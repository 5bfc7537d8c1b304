/*
 * taken: docket-check as it would be if a form had taken it over: the real
 * program and its real sandbox, but where the parser would be, a form with
 *
 *	<?taken WHAT ARG?>
 *
 * in it has its way.  What it tries of the system is tried bare; if that does
 * not end the child, the form's answer says what came of it.  All other forms
 * are checked as ever.  In a schema it is the parent that is taken over.
 *
 * The linker puts these functions in the place of the real ones (--wrap).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"

#include "limit.h"
#include "schema.h"
#include "wire.h"
#include "xmlform.h"

enum xmlform __real_xmlform_check(const struct schemas *,
	    const struct check_limits *, const struct query *,
	    struct verdict *);
enum xmlform __wrap_xmlform_check(const struct schemas *,
	    const struct check_limits *, const struct query *,
	    struct verdict *);
void	__real_schemas_compile(struct schemas *);
void	__wrap_schemas_compile(struct schemas *);

/* What a system call comes to: 0, or an error number. */
static int
call(long nr, long a, long b, long c, long d)
{
	return syscall(nr, a, b, c, d, 0, 0) == -1 ? errno : 0;
}

#define AT(x) ((long)(x))

static int
try_open(long arg)
{
	(void)arg;
	return call(SYS_openat, AT_FDCWD, AT("/etc/passwd"), O_RDONLY, 0);
}

static int
try_write_file(long arg)
{
	(void)arg;
	return call(SYS_openat, AT_FDCWD, AT("inbox/taken.xml"),
	    O_WRONLY | O_CREAT, 0600);
}

static int
try_openat2(long arg)
{
	uint64_t how[3] = { O_RDONLY, 0, 0 };

	(void)arg;
	return call(SYS_openat2, AT_FDCWD, AT("/etc/passwd"), AT(how),
	    sizeof(how));
}

static int
try_proc(long arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/mem", arg);
	return call(SYS_openat, AT_FDCWD, AT(path), O_RDWR, 0);
}

static int
try_stat(long arg)
{
	char st[256];

	(void)arg;
	return call(SYS_newfstatat, AT_FDCWD, AT("/"), AT(st), 0);
}

static int
try_unlink(long arg)
{
	(void)arg;
	return call(SYS_unlinkat, AT_FDCWD, AT("docket.conf"), 0, 0);
}

static int
try_socket(long arg)
{
	return call(SYS_socket, arg, SOCK_STREAM, 0, 0);
}

static int
try_connect(long arg)
{
	const struct sockaddr_un to = { AF_UNIX, "/run/x" };

	return call(SYS_connect, arg, AT(&to), sizeof(to), 0);
}

/* A descriptor out of the socket that it has. */
static int
try_sendmsg(long arg)
{
	struct msghdr m = { 0 };

	return call(SYS_sendmsg, arg, AT(&m), 0, 0);
}

static int
try_exec(long arg)
{
	static const char *const argv[] = { "/bin/sh", "-c", "touch taken",
	    NULL };

	(void)arg;
	return call(SYS_execve, AT(argv[0]), AT(argv), 0, 0);
}

static int
try_fork(long arg)
{
	(void)arg;
	return call(SYS_clone, SIGCHLD, 0, 0, 0);
}

static int
try_clone3(long arg)
{
	uint64_t args[8] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };

	(void)arg;
	return call(SYS_clone3, AT(args), sizeof(args), 0, 0);
}

static int
try_unshare(long arg)
{
	(void)arg;
	return call(SYS_unshare, CLONE_NEWUSER, 0, 0, 0);
}

static int
try_ptrace(long arg)
{
	return call(SYS_ptrace, 16 /* PTRACE_ATTACH */, arg, 0, 0);
}

static int
try_vm_read(long arg)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return call(SYS_process_vm_readv, arg, AT(&here), 1, AT(&there));
}

static int
try_vm_write(long arg)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return call(SYS_process_vm_writev, arg, AT(&here), 1, AT(&there));
}

static int
try_kill(long arg)
{
	return call(SYS_kill, arg, SIGKILL, 0, 0);
}

static int
try_tgkill(long arg)
{
	return call(SYS_tgkill, arg, arg, SIGKILL, 0);
}

static int
try_pidfd(long arg)
{
	return call(SYS_pidfd_open, arg, 0, 0, 0);
}

static int
try_exec_memory(long arg)
{
	(void)arg;
	return syscall(SYS_mmap, 0, 4096, PROT_EXEC | PROT_READ, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0) == -1 ? errno : 0;
}

static int
try_memfd(long arg)
{
	(void)arg;
	return call(SYS_memfd_create, AT("x"), 0, 0, 0);
}

static int
try_io_uring(long arg)
{
	char params[256] = { 0 };

	(void)arg;
	return call(SYS_io_uring_setup, 1, AT(params), 0, 0);
}

static int
try_bpf(long arg)
{
	char attr[128] = { 0 };

	(void)arg;
	return call(SYS_bpf, 0, AT(attr), sizeof(attr), 0);
}

static int
try_userfaultfd(long arg)
{
	(void)arg;
	return call(SYS_userfaultfd, 0, 0, 0, 0);
}

static int
try_keyctl(long arg)
{
	(void)arg;
	return call(SYS_keyctl, 0, -3, 0, 0);
}

static int
try_prctl(long arg)
{
	(void)arg;
	return call(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0);
}

/* Another filter, which allows everything. */
static int
try_seccomp(long arg)
{
	(void)arg;
	return call(SYS_seccomp, 1, 0, 0, 0);
}

static int
try_setrlimit(long arg)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	(void)arg;
	return call(SYS_prlimit64, 0, RLIMIT_AS, AT(&all), 0);
}

static int
try_terminal(long arg)
{
	return call(SYS_ioctl, arg, 0x5412 /* TIOCSTI */, AT("x"), 0);
}

static int
try_dup(long arg)
{
	return call(SYS_dup2, 0, arg, 0, 0);
}

/* Every descriptor that it may have got from somebody. */
static int
try_descriptors(long arg)
{
	char byte = '!';
	int fd;

	(void)arg;
	for (fd = 1; fd < 1024; fd++)
		if (call(SYS_write, fd, AT(&byte), 1, 0) == 0 ||
		    call(SYS_read, fd, AT(&byte), 1, 0) == 0)
			return 0;
	return EPERM;
}

/* Lies. */

static void
say(const void *p, size_t n)
{
	if (write(STDIN_FILENO, p, n) < 0)
		_exit(0);
}

static void
say_frame(enum wire_type type, const void *p, size_t n)
{
	const struct frame f = { type, p, n };
	struct buf out = BUF_INIT;

	frame_encode(&f, &out);
	say(out.data, out.len);
	buf_free(&out);
}

static void
say_good(const char *label)
{
	struct verdict v = { .type = 0 };
	struct buf out = BUF_INIT;

	v.facts.client = mem_str("acme");
	v.facts.label = mem_str(label);
	verdict_encode(&v, &out);
	say(out.data, out.len);
	buf_free(&out);
	verdict_free(&v);
}

static int
lie_overlong(long arg)
{
	(void)arg;
	say("\xff\xff\xff\x7fV", 5);
	_exit(0);
}

static int
lie_unfinished(long arg)
{
	(void)arg;
	say("\x40\0\0\0V\0\0", 7);
	_exit(0);
}

/* More than docket ever asked for. */
static _Noreturn int
lie_endless(long arg)
{
	(void)arg;
	for (;;)
		say_frame(WIRE_ENTRIES, "\0\0\0\0", 4);
}

static _Noreturn int
lie_endless_verdicts(long arg)
{
	(void)arg;
	for (;;)
		say_good("endless");
}

static _Noreturn int
lie_noise(long arg)
{
	unsigned x = 12345;

	(void)arg;
	for (;;) {
		x = x * 1103515245 + 12345;
		say(&x, sizeof(x));
	}
}

/* As if it were the parent, or docket. */
static int
lie_ended(long arg)
{
	(void)arg;
	say_frame(WIRE_ENDED, "\0\0\0\0\0\0\0\0", 8);
	return 0;
}

static int
lie_fork(long arg)
{
	(void)arg;
	say_frame(WIRE_FORK, "\x01\0\0\0\0\0\0\0", 8);
	return 0;
}

static int
lie_type(long arg)
{
	(void)arg;
	say_frame(WIRE_VERDICT, "\xff\xff\0\0\0\0\0\0", 8);
	return 0;
}

static int
lie_control(long arg)
{
	(void)arg;
	say_good("\033[2Jforged\nline");
	_exit(0);
}

static int
lie_left_over(long arg)
{
	struct verdict v = { .type = 0 };
	struct buf out = BUF_INIT;

	(void)arg;
	verdict_encode(&v, &out);
	buf_put(&out, "more", 4);
	out.data[0] = (char)(out.data[0] + 4);
	say(out.data, out.len);
	_exit(0);
}

/* Silence: it lives, and does nothing but that. */
static _Noreturn int
lie_silent(long arg)
{
	const struct { long every[2], first[2]; } never = { { 0 }, { 0 } };

	(void)arg;
	call(SYS_setitimer, 2 /* ITIMER_PROF */, AT(&never), 0, 0);
	for (;;)
		call(SYS_futex, AT(&never), 0, 0, 0);
}

static const struct attack {
	const char *name;
	int (*fn)(long);
} attacks[] = {
	{ "open", try_open }, { "write-file", try_write_file },
	{ "openat2", try_openat2 }, { "proc", try_proc },
	{ "stat", try_stat }, { "unlink", try_unlink },
	{ "socket", try_socket }, { "connect", try_connect },
	{ "sendmsg", try_sendmsg }, { "exec", try_exec },
	{ "fork", try_fork }, { "clone3", try_clone3 },
	{ "unshare", try_unshare }, { "ptrace", try_ptrace },
	{ "vm-read", try_vm_read }, { "vm-write", try_vm_write },
	{ "kill", try_kill }, { "tgkill", try_tgkill },
	{ "pidfd", try_pidfd }, { "exec-memory", try_exec_memory },
	{ "memfd", try_memfd }, { "io-uring", try_io_uring },
	{ "bpf", try_bpf }, { "userfaultfd", try_userfaultfd },
	{ "keyctl", try_keyctl }, { "prctl", try_prctl },
	{ "seccomp", try_seccomp }, { "setrlimit", try_setrlimit },
	{ "terminal", try_terminal }, { "dup", try_dup },
	{ "descriptors", try_descriptors },
	{ "overlong", lie_overlong }, { "unfinished", lie_unfinished },
	{ "endless", lie_endless },
	{ "endless-verdicts", lie_endless_verdicts },
	{ "noise", lie_noise }, { "ended", lie_ended },
	{ "forked", lie_fork }, { "type", lie_type },
	{ "control", lie_control }, { "left-over", lie_left_over },
	{ "silent", lie_silent },
};

/* The verdicts that a liar may give, which docket understands. */

static void
lie_of(struct verdict *v, const char *client, const char *what,
    const struct schemas *s)
{
	size_t i;

	for (i = 0; i < s->public.n; i++)
		if (strstr(s->public.list[i].form, what) != NULL)
			v->type = (int)i;
	v->facts.client = mem_str(client);
	v->facts.label = mem_str("a lie");
}

/* True: the verdict is made. */
static bool
lie_well(const char *what, const char *arg, const struct schemas *s,
    const struct query *q, struct verdict *v)
{
	struct piece *p;

	if (strcmp(what, "good") == 0 && q->purpose == PURPOSE_INTAKE)
		lie_of(v, arg, "}application", s);
	else if (strcmp(what, "list") == 0)
		lie_of(v, arg, "}clients", s);
	else if (strcmp(what, "revoke") == 0) {
		lie_of(v, "acme", "}revocation", s);
		snprintf(v->number, sizeof(v->number), "%.20s", arg);
		v->reason = mem_str("a lie");
	} else if (strcmp(what, "cuts") == 0 && q->purpose != PURPOSE_SPLIT) {
		lie_of(v, "", "}batch", s);
	} else if (strcmp(what, "cuts") == 0) {
		v->type = 0;
		strcpy(v->cuts.then.root, "batch");
		v->cuts.used = (uint32_t)q->len;
		v->cuts.then.ended = true;
		p = verdict_piece(v);
		*p = (struct piece){ 10, 20 };
		if (strcmp(arg, "overlap") == 0)
			*verdict_piece(v) = (struct piece){ 15, 20 };
		else if (strcmp(arg, "outside") == 0) {
			p->len = LIMIT_WINDOW - 10;
			v->cuts.used = LIMIT_WINDOW;
		} else if (strcmp(arg, "never") == 0) {
			v->cuts.n = v->cuts.used = 0;
			v->cuts.then.ended = false;
		} else if (strcmp(arg, "back") == 0)
			*verdict_piece(v) = (struct piece){ 1, 2 };
	} else
		return false;
	return true;
}

static bool
find(const char *p, size_t n, char what[32], char arg[64])
{
	static const char mark[] = "<?taken ";
	const char *at = memmem(p, n, mark, strlen(mark));
	char text[96] = "";

	if (at == NULL)
		return false;
	at += strlen(mark);
	n -= (size_t)(at - p);
	memcpy(text, at, n < sizeof(text) - 1 ? n : sizeof(text) - 1);
	*arg = '\0';
	return sscanf(text, "%31[^ ?] %63[^?]", what, arg) >= 1;
}

static const struct attack *
attack_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (strcmp(attacks[i].name, name) == 0)
			return &attacks[i];
	return NULL;
}

enum xmlform
__wrap_xmlform_check(const struct schemas *s, const struct check_limits *l,
    const struct query *q, struct verdict *v)
{
	char what[32], arg[64];
	const struct attack *a;
	int error;

	if (!find(q->data, q->len, what, arg))
		return __real_xmlform_check(s, l, q, v);
	*v = (struct verdict){ .type = -1 };
	if (lie_well(what, arg, s, q, v))
		return XMLFORM_VERDICT;
	a = attack_named(what);
	if (a == NULL)
		return __real_xmlform_check(s, l, q, v);
	error = a->fn(atol(arg));
	faults_addf(&v->faults, FAULT_INVALID, 0, NULL, "taken: %s: %s.", what,
	    error == 0 ? "DONE" : strerror(error));
	return XMLFORM_VERDICT;
}

void
__wrap_schemas_compile(struct schemas *s)
{
	char what[32], arg[64];
	const struct attack *a;
	size_t i;

	for (i = 0; i < s->n_docs; i++)
		if (find(s->docs[i].file.data, s->docs[i].file.len, what, arg) &&
		    (a = attack_named(what)) != NULL)
			fprintf(stderr, "taken: %s: %s\n", what,
			    a->fn(atol(arg)) == 0 ? "DONE" : "refused");
	__real_schemas_compile(s);
}
