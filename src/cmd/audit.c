/*
 * docket audit: proves a ledger again.
 *
 * Needs no desk: a bare clone will do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "json.h"
#include "text.h"

#include "audit.h"
#include "cmd.h"
#include "hash.h"
#include "limit.h"
#include "out.h"

struct auditor {
	struct audit_asked asked;
	struct audit_report report;
	const char	*witness;	/* a file */
	const char	*receipt;	/* a file */
	struct buf	 receipt_text;
	char		 seen[COMMIT_HEX];
	enum format	 format;
};

/* Witnesses: a file that names the last head that was seen. */

static int
read_witness(struct auditor *x)
{
	struct buf text = BUF_INIT;
	int fd = open(x->witness, O_RDONLY | O_CLOEXEC), status = EXIT_DONE;

	if (fd < 0 && errno == ENOENT)
		return EXIT_DONE;	/* the first time */
	if (fd < 0 || fs_read(fd, 4096, &text) != 0) {
		cmd_say("%s: %s", x->witness, strerror(errno));
		status = EXIT_TROUBLE;
	} else if (text.len != COMMIT_HEX || text.data[40] != '\n' ||
	    strspn(text.data, "0123456789abcdef") != 40) {
		cmd_say("%s: it names no commit that was seen", x->witness);
		status = EXIT_TROUBLE;
	} else {
		snprintf(x->seen, sizeof(x->seen), "%.40s", text.data);
		x->asked.seen = x->seen;
	}
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return status;
}

/* Whole or not at all, also after a crash. */
static int
write_witness(const struct auditor *x)
{
	struct buf name = BUF_INIT, line = BUF_INIT, dir = BUF_INIT;
	const char *slash = strrchr(x->witness, '/');
	char random[17];
	int fd, status = -1;

	buf_putf(&name, "%s.%s.tmp", x->witness, hash_random(random, 16));
	buf_putf(&line, "%s\n", x->report.head);
	buf_put(&dir, slash == NULL ? "." : x->witness, slash == NULL ? 1 :
	    (size_t)(slash - x->witness) + 1);
	fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0) {
		if (fs_write(fd, line.data, line.len) == 0 && fsync(fd) == 0)
			status = rename(name.data, x->witness);
		close(fd);
		if (status != 0)
			unlink(name.data);
	}
	if (status == 0 && (fd = open(dir.data, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) >= 0) {
		fs_sync_dir(fd);
		close(fd);
	}
	if (status != 0)
		cmd_say("%s: %s", x->witness, strerror(errno));
	buf_free(&name);
	buf_free(&line);
	buf_free(&dir);
	return status == 0 ? EXIT_DONE : EXIT_TROUBLE;
}

static int
read_receipt(struct auditor *x)
{
	int fd = open(x->receipt, O_RDONLY | O_CLOEXEC), status = EXIT_DONE;

	if (fd < 0 || fs_read(fd, LIMIT_FORM, &x->receipt_text) != 0) {
		cmd_say("%s: %s", x->receipt, strerror(errno));
		status = EXIT_TROUBLE;
	}
	if (fd >= 0)
		close(fd);
	x->asked.receipt = &x->receipt_text;
	return status;
}

/* For people. */

static void
print_number(uint64_t n)
{
	if (n >= 1000) {
		print_number(n / 1000);
		printf(",%03u", (unsigned)(n % 1000));
	} else
		printf("%u", (unsigned)n);
}

static void
print_many(uint64_t n, const char *what)
{
	print_number(n);
	printf(" %s%s", what, n == 1 ? "" : "s");
}

static void
print_count(uint64_t n, const char *what, const char *and)
{
	fputs("  ", stdout);
	print_many(n, what);
	puts(and);
}

static void
print_events(const struct audit_report *p)
{
	unsigned i, n = 0;

	for (i = 0; i < EVENT_COUNT; i++) {
		if (p->events[i] == 0)
			continue;
		printf("%s%s ", n == 0 ? "  " : n % 6 == 0 ? ",\n  " : ", ",
		    event_name((enum event)i));
		print_number(p->events[i]);
		n++;
	}
	putchar('\n');
}

static void
print_trust(const struct audit_report *p)
{
	const struct audit_trust *t = &p->trust;

	puts("Taken on trust:");
	if (t->root)
		printf("  the first commit, %s\n  (--root pins it)\n",
		    p->first);
	if (p->skipped > 0)
		print_count(p->skipped, "commit", " up to --since: their papers "
		    "and signatures");
	if (t->times > 0)
		print_count(t->times, "time", " of receipt: the desk's clock");
	if (t->owner > 0)
		print_count(t->owner, "decision", " by who owned a file: the "
		    "desk's word");
	if (t->move > 0)
		print_count(t->move, "decision", " by moving a file: nobody in "
		    "particular");
	if (t->sent > 0)
		print_count(t->sent, "form", " sent with a stamp "
		    "rewritten: the digest of what was sent");
	if (t->behind > 0)
		print_count(t->behind, "time", " before the date of their commit: "
		    "the desk's clock was behind");
	if (t->apart > 0)
		print_count(t->apart, "signature", " of people whose user the "
		    "ledger does not tell: that they did not submit it");
}

static void
print_proven(const struct auditor *x)
{
	const struct audit_report *p = &x->report;
	char from[TIME_TEXT], to[TIME_TEXT];
	uint64_t ms = p->ms > 0 ? (uint64_t)p->ms : 1;

	out_text(STYLE_GOOD, "Proven");
	fputs(": ", stdout);
	print_many(p->commits, "commit");
	printf(" from %s to %s\n  head %s\n", time_text(from,
	    p->from), time_text(to, p->to), p->head);
	print_events(p);
	print_count(p->cases, "case", "");
	print_count(p->forms, "paper", " checked again by schema");
	print_count(p->signatures, "distinct signature", "");
	if (x->asked.seen != NULL)
		printf("  it goes on from %s, which was seen before\n",
		    x->asked.seen);
	if (x->receipt != NULL)
		puts("  the receipt says what its commit says");
	print_trust(p);
	printf("%llu.%llu s, ", (unsigned long long)(ms / 1000),
	    (unsigned long long)(ms % 1000 / 100));
	print_many(p->commits * 1000 / ms, "commit");
	puts(" a second");
}

static void
print_wrong(const struct audit_report *p)
{
	out_text(STYLE_BAD, "Wrong");
	if (p->wrong[0] != '\0') {
		printf(": commit %s\n  ", p->wrong);
		out_text(STYLE_PLAIN, p->subject == NULL ? "(unreadable)" :
		    p->subject);
		fputs("\n  ", stdout);
	} else
		fputs(": ", stdout);
	out_text(STYLE_PLAIN, p->why);
	putchar('\n');
	if (p->wrong[0] != '\0') {
		fputs("Proven before it: ", stdout);
		print_many(p->commits, "commit");
		putchar('\n');
	}
}

/* For programs. */

static void
put_trust(struct json *j, const struct audit_report *p)
{
	const struct audit_trust *t = &p->trust;

	json_object(j, "trust");
	json_bool(j, "root", t->root);
	json_num(j, "skipped", (int64_t)p->skipped);
	json_num(j, "times", (int64_t)t->times);
	json_num(j, "owner", (int64_t)t->owner);
	json_num(j, "move", (int64_t)t->move);
	json_num(j, "sent", (int64_t)t->sent);
	json_num(j, "behind", (int64_t)t->behind);
	json_num(j, "apart", (int64_t)t->apart);
	json_object_end(j);
}

static void
print_json(const struct auditor *x, bool proven)
{
	const struct audit_report *p = &x->report;
	struct buf out = BUF_INIT;
	struct json j;
	unsigned i;

	json_begin(&j, &out);
	json_object(&j, NULL);
	json_bool(&j, "proven", proven);
	json_str(&j, "first", p->first);
	json_str(&j, "head", p->head);
	json_num(&j, "commits", (int64_t)p->commits);
	if (!proven) {
		json_str(&j, "commit", p->wrong[0] == '\0' ? NULL : p->wrong);
		json_str(&j, "subject", p->subject);
		json_str(&j, "why", p->why);
	}
	json_time(&j, "from", p->from);
	json_time(&j, "to", p->to);
	json_object(&j, "events");
	for (i = 0; i < EVENT_COUNT; i++)
		if (p->events[i] > 0)
			json_num(&j, event_name((enum event)i),
			    (int64_t)p->events[i]);
	json_object_end(&j);
	json_num(&j, "cases", (int64_t)p->cases);
	json_num(&j, "papers", (int64_t)p->forms);
	json_num(&j, "signatures", (int64_t)p->signatures);
	put_trust(&j, p);
	json_num(&j, "ms", p->ms);
	json_object_end(&j);
	json_end(&j);
	out_flush(&out);
	buf_free(&out);
}

static void
on_progress(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	out_progress("commits", done, all);
}

static int
audit_ledger(struct auditor *x)
{
	int proven = audit(&x->asked, &x->report), status = EXIT_DONE;

	out_progress_end();
	if (proven < 0) {
		cmd_say("%s", x->report.why);
		return EXIT_TROUBLE;
	}
	if (proven == 1 && x->witness != NULL)
		status = write_witness(x);
	if (x->format == FORMAT_JSON)
		print_json(x, proven == 1);
	else if (proven == 1)
		print_proven(x);
	else
		print_wrong(&x->report);
	return proven == 1 ? status : EXIT_NO;
}

static unsigned
jobs_named(const char *text)
{
	uint64_t n;

	if (!text_number(text, LIMIT_WORKERS, &n) || n == 0)
		cmd_usage(&cmd_audit, "--jobs is a number from 1 to 64");
	return (unsigned)n;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "receipt", required_argument, NULL, 1 },
		{ "root", required_argument, NULL, 2 },
		{ "since", required_argument, NULL, 3 },
		{ "witness", required_argument, NULL, 4 },
		{ NULL, 0, NULL, 0 },
	};
	struct auditor x = { .asked.progress = on_progress,
	    .format = FORMAT_TABLE };
	struct buf path = BUF_INIT;
	int option, status = EXIT_DONE;

	while ((option = cmd_option(&cmd_audit, argc, argv, "f:j:",
	    options)) != -1)
		switch (option) {
		case 'f':
			x.format = cmd_format(&cmd_audit, optarg, false);
			break;
		case 'j':
			x.asked.jobs = jobs_named(optarg);
			break;
		case 1:
			x.receipt = optarg;
			break;
		case 2:
			x.asked.root = optarg;
			break;
		case 3:
			x.asked.since = optarg;
			break;
		case 4:
			x.witness = optarg;
			break;
		}
	if (argc - optind > 1)
		cmd_usage(&cmd_audit, "one ledger at a time");
	if (optind == argc)
		buf_putf(&path, "%s/ledger.git", cmd_desk_path());
	else
		buf_puts(&path, argv[optind]);
	x.asked.ledger = buf_str(&path);
	if (x.witness != NULL)
		status = read_witness(&x);
	if (status == EXIT_DONE && x.receipt != NULL)
		status = read_receipt(&x);
	if (status == EXIT_DONE)
		status = audit_ledger(&x);
	audit_report_free(&x.report);
	buf_free(&x.receipt_text);
	buf_free(&path);
	return status;
}

const struct command cmd_audit = {
	"audit", run, "[OPTION ...] [LEDGER]",
	"Prove a ledger again, from a bare clone",
	"  -f, --format table|json\n"
	"  -j, --jobs N            so many at once (default: processors)\n"
	"      --receipt FILE      prove a receipt too: that its commit is in "
	"this\n"
	"                          history, and that it says the same\n"
	"      --root COMMIT       the first commit must be this one\n"
	"      --since COMMIT      prove papers and signatures only after it\n"
	"      --witness FILE      the history must go on from the head that "
	"this\n"
	"                          file names; it is written anew\n"
	"\n"
	"LEDGER is the desk's ledger.git if it is left out. Exits 1 with the "
	"first\ncommit that is wrong.\n",
};
