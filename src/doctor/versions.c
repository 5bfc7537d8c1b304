/*
 * versions: programs and libraries, and what is known to be wrong with some.
 *
 * A distribution mends a library without giving it another number: what is
 * said of one is to be looked up there.
 *
 * May not: link what docket does not link; libxml2 is asked for by asking
 * docket-check, whose answer is read as anybody's.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "buf.h"
#include "clock.h"
#include "spawn.h"
#include "text.h"

#include "doctoring.h"
#include "pool.h"
#include "wire.h"

#define SAYS_MOST 4096
#define SAYS_MS 20000

int
doctor_run(const char *const argv[], struct buf *says)
{
	int status;

	if (spawn_capture(argv, -1, says, SAYS_MOST, SAYS_MS, &status) != 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Versions. */

struct version {
	unsigned n[3];
};

/* The first number in a text, and two after it. */
static bool
version_parse(const char *text, struct version *v)
{
	text += strcspn(text, "0123456789");
	*v = (struct version){ { 0, 0, 0 } };
	return sscanf(text, "%6u.%6u.%6u", &v->n[0], &v->n[1], &v->n[2]) > 0;
}

static int
version_compare(const struct version *a, const struct version *b)
{
	size_t i;

	for (i = 0; i < 3; i++)
		if (a->n[i] != b->n[i])
			return a->n[i] < b->n[i] ? -1 : 1;
	return 0;
}

/* What is wrong with those from a version on, below another. */
static const struct defect {
	const char	*of;
	const char	*from, *below;
	enum grade	 grade;
	const char	*what;
} defects[] = {
	{ "libxml2", "0", "2.9.14", GRADE_WARN,
	    "it is older than any that docket was tested with" },
	{ "libxml2", "0", "2.10.4", GRADE_NOTE,
	    "CVE-2023-28484, a crash on a bad schema" },
	{ "libxml2", "0", "2.12.10", GRADE_NOTE,
	    "CVE-2024-56171, memory used after it was freed, in identity "
	    "constraints of a schema" },
	{ "libxml2", "2.13", "2.13.6", GRADE_NOTE,
	    "CVE-2024-56171, memory used after it was freed, in identity "
	    "constraints of a schema" },
	{ "libxml2", "0", "2.13.8", GRADE_NOTE,
	    "CVE-2025-32415, memory read before its beginning, at the same "
	    "place" },
	{ "libxml2", "2.14", "2.14.2", GRADE_NOTE,
	    "CVE-2025-32415, memory read before its beginning, in identity "
	    "constraints of a schema" },
	{ "libxml2", "0", "2.13", GRADE_OK,
	    "integers of more than 24 digits are refused" },
	/* CVE-2024-24577 */
	{ "libgit2", "0", "1.6.5", GRADE_OK,
	    "CVE-2024-24577 is in a part that docket does not use" },
	{ "libgit2", "1.7", "1.7.2", GRADE_OK,
	    "CVE-2024-24577 is in a part that docket does not use" },
	{ "git", "0", "2.36", GRADE_NOTE,
	    "it does not know core.fsync: what docket restore clones is not "
	    "durable at once" },
	{ "git", "0", "2.39.4", GRADE_NOTE,
	    "CVE-2024-32004: who clones a repository of somebody else's that "
	    "lies on this machine may run a program of theirs" },
	{ "OpenSSH", "0", "9", GRADE_WARN,
	    "it is older than any that docket was tested with" },
	{ "age", "0", "1.2.1", GRADE_OK,
	    "GHSA-32gq-x56h-299c: a recipient may name a program; the shipped "
	    "list of clients takes no such recipient" },
};
#define DEFECTS (sizeof(defects) / sizeof(defects[0]))

static bool
has_defect(const struct defect *x, const char *of, const struct version *v)
{
	struct version from, below;

	version_parse(x->from, &from);
	version_parse(x->below, &below);
	return strcmp(x->of, of) == 0 && version_compare(v, &from) >= 0 &&
	    version_compare(v, &below) < 0;
}

/* One finding for all of a kind. */
static void
judge(struct doctor *d, const char *of, const char *text,
    const char *package)
{
	struct buf line = BUF_INIT, all = BUF_INIT;
	enum grade grade = GRADE_OK;
	struct version v;
	size_t i;

	text_line(&line, text, strcspn(text, "\r\n"), 80);
	if (!version_parse(text, &v)) {
		doctor_find(d, GRADE_NOTE, of, "Its version cannot be told.");
		buf_free(&line);
		return;
	}
	for (i = 0; i < DEFECTS; i++)
		if (has_defect(&defects[i], of, &v) &&
		    defects[i].grade > grade)
			grade = defects[i].grade;
	for (i = 0; i < DEFECTS; i++)
		if (has_defect(&defects[i], of, &v) &&
		    defects[i].grade == grade)
			buf_putf(&all, "%s%s", all.len > 0 ? "; " : ": ",
			    defects[i].what);
	doctor_find(d, grade, of, "%s%s%s", buf_str(&line), buf_str(&all),
	    grade != GRADE_NOTE ? "" : ". Distributions mend this under the "
	    "same number.");
	if (grade > GRADE_OK)
		doctor_remedy(d, "apt-get install --only-upgrade %s",
		    package);
	buf_free(&line);
	buf_free(&all);
}

/* The line of docket-check's answer that begins so. */
static const char *
answer_of(const struct buf *says, const char *key)
{
	const char *at = buf_str(says);
	size_t n = strlen(key);

	while (*at != '\0') {
		if (strncmp(at, key, n) == 0 && at[n] == ' ')
			return at + n + 1;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return NULL;
}

static void
judge_kernel(struct doctor *d, const struct buf *says)
{
	const char *landlock = answer_of(says, "landlock");
	struct utsname u;
	long abi = landlock == NULL ? 0 : atol(landlock);

	if (answer_of(says, "sanitizer") != NULL)
		doctor_find(d, GRADE_WARN, "docket-check", "It was built with "
		    "a sanitizer, and does not confine itself.");
	if (uname(&u) != 0)
		return;
	if (abi < 1)
		doctor_find(d, GRADE_NOTE, "kernel", "%.40s has no Landlock: "
		    "only seccomp keeps a worker from files.", u.release);
	else
		doctor_find(d, GRADE_OK, "kernel", "%.40s, Landlock ABI %ld",
		    u.release, abi);
}

void
doctor_libraries(struct doctor *d)
{
	char path[4096];
	const char *argv[] = { spawn_sibling("docket-check", path,
	    sizeof(path)), "--version", NULL };
	struct buf says = BUF_INIT;
	const char *xml, *own;

	if (doctor_run(argv, &says) != 0 ||
	    (xml = answer_of(&says, "libxml2")) == NULL) {
		doctor_find(d, GRADE_FAIL, "docket-check", "%s does not run: "
		    "no form can be checked.", path);
		doctor_remedy(d, "make install");
		buf_free(&says);
		return;
	}
	own = answer_of(&says, "docket-check");
	if (own == NULL || strncmp(own, VERSION "\n", sizeof(VERSION)) != 0) {
		doctor_find(d, GRADE_WARN, "docket-check", "It is of another "
		    "version than docket (%s).", VERSION);
		doctor_remedy(d, "make install");
	}
	judge(d, "libxml2", xml, "libxml2");
	judge(d, "libgit2", ledger_library(), "'libgit2-*'");
	judge_kernel(d, &says);
	buf_free(&says);
}

/* Programs. */

static int
count_recipient(void *arg, const struct list_entry *e)
{
	bool *any = arg;

	*any |= e->recipient != NULL && *e->recipient != '\0';
	return *any;
}

static bool
needs_age(const struct doctor *d)
{
	bool any = false;

	if (d->index != NULL)
		index_entries(d->index, "clients", count_recipient, &any);
	return any;
}

static bool
needs_ssh(const struct doctor *d)
{
	return d->settled && (doctor_asks(d, EVIDENCE_SIGNATURE) ||
	    d->settings.signing_key != NULL || d->settings.rules_quorum > 0 ||
	    rules_get(&d->rules, "allowed_signers") != NULL);
}

static bool
is_needed(const struct doctor *d)
{
	(void)d;
	return true;
}

static const struct {
	const char *name, *of, *package;
	const char *argv[4];
	bool	(*needed)(const struct doctor *);
	const char *what_for;
} programs[] = {
	{ "git", "git", "git", { "git", "--version" }, is_needed,
	    "a ledger can be neither restored nor checked in full" },
	{ "ssh-keygen", "OpenSSH", "openssh-client", { "ssh", "-V" },
	    needs_ssh, "no signature can be made or verified" },
	{ "age", "age", "age", { "age", "--version" }, needs_age,
	    "keys of clients with a recipient wait" },
};

/* As it is in containers: ssh-keygen then does nothing at all. */
static void
look_for_name(struct doctor *d)
{
	unsigned long uid = (unsigned long)d->st.st_uid;

	if (!needs_ssh(d) || getpwuid(d->st.st_uid) != NULL)
		return;
	doctor_find(d, GRADE_WARN, "ssh-keygen", "It does nothing for a user "
	    "without a name, and this machine has none for the desk's, uid "
	    "%lu: signatures wait.", uid);
	doctor_remedy(d, "useradd -r -u %lu docket", uid);
}

void
doctor_programs(struct doctor *d)
{
	struct buf says = BUF_INIT;
	const char *which[] = { "sh", "-c", NULL, NULL };
	char line[64];
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (!programs[i].needed(d))
			continue;
		buf_clear(&says);
		snprintf(line, sizeof(line), "command -v %s",
		    programs[i].name);
		which[2] = line;
		if (doctor_run(which, &says) != 0) {
			doctor_find(d, GRADE_WARN, programs[i].name,
			    "It is not there: %s.", programs[i].what_for);
			doctor_remedy(d, "apt-get install %s",
			    programs[i].package);
			continue;
		}
		buf_clear(&says);
		if (doctor_run(programs[i].argv, &says) == 0)
			judge(d, programs[i].of, buf_str(&says),
			    programs[i].package);
	}
	look_for_name(d);
	buf_free(&says);
}

/* Whether forms can be checked here at all: one is, by a confined worker,
 * under the schemas in force. */
void
doctor_worker(struct doctor *d)
{
	static const char form[] = "<docket-doctor/>";
	struct faults faults = FAULTS_INIT;
	struct buf line = BUF_INIT;
	struct job job = { .purpose = PURPOSE_INTAKE, .box = "doctor",
	    .data = form, .len = sizeof(form) - 1,
	    .today = clock_day(clock_now()) };
	struct pool *pool;

	if (!d->settled)
		return;
	pool = pool_open(&d->rules, &d->settings, &faults);
	if (pool == NULL && faults.n > 0) {
		fault_line(&faults.list[0], &line);
		doctor_find(d, GRADE_FAIL, faults.list[0].field, "The schemas "
		    "in force do not compile: %s", buf_str(&line));
	} else if (pool == NULL) {
		doctor_find(d, GRADE_FAIL, "docket-check", "It does not "
		    "start, or this kernel cannot confine it: no form can be "
		    "checked.");
		doctor_remedy(d, "docket check -C %s %s", doctor_path(d, "."),
		    doctor_path(d, "schemas/examples/api-key.xml"));
	} else {
		pool_submit(pool, &job);
		if (pool_wait(pool) != &job || job.outcome !=
		    OUTCOME_VERDICT) {
			doctor_find(d, GRADE_FAIL, "docket-check", "A worker "
			    "cannot check the smallest form.");
			doctor_remedy(d, "docket check -C %s %s",
			    doctor_path(d, "."),
			    doctor_path(d, "schemas/examples/api-key.xml"));
		} else
			doctor_find(d, GRADE_OK, NULL, "a form was checked");
		verdict_free(&job.verdict);
	}
	pool_close(pool);
	faults_free(&faults);
	buf_free(&line);
}
