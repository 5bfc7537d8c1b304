/*
 * docket show, docket log and docket why: one case, its history, and the
 * reasons.
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
#include "gunzip.h"
#include "hash.h"
#include "json.h"
#include "text.h"

#include "cmd.h"
#include "limit.h"
#include "keylife.h"
#include "out.h"
#include "priors.h"

/* Rulings: a list of commits, read. */

struct rulings {
	struct ledger	*ledger;
	struct ruling	*list;
	size_t		 n;
};

static int
take_commit(void *arg, const char *commit)
{
	struct rulings *all = arg;

	all->list = mem_grow(all->list, all->n + 1, sizeof(*all->list));
	return ledger_ruling(all->ledger, commit, &all->list[all->n++]);
}

static void
rulings_free(struct rulings *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		ruling_free(&all->list[i]);
	free(all->list);
}

/* "by alice (owner)", "by acme", "by the clock" */
static void
put_who(struct buf *out, const struct ruling *r)
{
	size_t i;

	for (i = 0; i < r->n_deciders; i++)
		buf_putf(out, "%s%s (%s)", i == 0 ? "" : ", ",
		    r->deciders[i].name,
		    evidence_name(r->deciders[i].evidence));
	if (r->n_deciders > 0)
		return;
	if (r->uid >= 0 && r->box != NULL && *r->box != '\0')
		buf_putf(out, "uid %ld (%s)", r->uid, r->box);
	else if (r->uid >= 0)
		buf_putf(out, "uid %ld", r->uid);
	else
		buf_puts(out, r->event == EVENT_RESTORE ||
		    r->event == EVENT_SUPERSEDE ? "desk" : "clock");
}

void
cmd_put_what(const struct ruling *r, struct buf *out)
{
	if (r->request != REQUEST_NONE && r->event != EVENT_REVOKE &&
	    r->event != EVENT_EXPIRE && r->event != EVENT_SUPERSEDE)
		buf_putf(out, "%s ", request_name(r->request));
	if (r->event == EVENT_ENDORSE)
		buf_putf(out, "%s counted", cmd_noun(r->decision));
	else
		buf_puts(out, event_past(r->event));
	/* the key has one of its own */
	if (r->event == EVENT_RETIRE)
		buf_putf(out, ": key %u", r->key_revision);
	else if (r->revision > 1)
		buf_putf(out, " r%u", r->revision);
}

static void
first_line(struct buf *out, const char *text)
{
	text_line(out, text, strcspn(text, "\n"), 200);
}

static void
put_about(struct buf *out, const struct ruling *r)
{
	size_t i;

	if (r->note != NULL)
		first_line(out, r->note);
	else if (r->event == EVENT_NOTIFY)
		buf_putf(out, "last day %s, notice of %u day%s", r->expiry,
		    r->notice, r->notice == 1 ? "" : "s");
	else if (r->faults.n > 0)
		for (i = 0; i < r->faults.n && i < 2; i++) {
			buf_puts(out, i == 0 ? "" : "; ");
			fault_line(&r->faults.list[i], out);
		}
	else if (r->subjects != NULL)
		first_line(out, r->subjects);
	else if (r->file != NULL)
		buf_puts(out, r->file);
}

static void
print_history(const struct rulings *all, bool numbers)
{
	static const char *const heads[] = { "TIME", "COMMIT", "WHAT", "BY",
	    "ABOUT" };
	static const char *const more[] = { "TIME", "COMMIT", "NUMBER", "WHAT",
	    "BY", "ABOUT" };
	struct table *t = numbers ? table_new(more, 6) : table_new(heads, 5);
	struct buf text = BUF_INIT;
	char when[TIME_TEXT];
	const struct ruling *r;

	for (r = all->list; r < all->list + all->n; r++) {
		table_cell(t, STYLE_PLAIN, time_local(when, r->at));
		buf_clear(&text);
		buf_putf(&text, "%.10s", r->commit);
		table_cell(t, STYLE_DIM, buf_str(&text));
		if (numbers)
			table_cell(t, STYLE_PLAIN, r->number);
		buf_clear(&text);
		cmd_put_what(r, &text);
		table_cell(t, out_state_style(r->to), buf_str(&text));
		buf_clear(&text);
		put_who(&text, r);
		table_cell(t, STYLE_PLAIN, buf_str(&text));
		buf_clear(&text);
		put_about(&text, r);
		table_cell(t, STYLE_PLAIN, buf_str(&text));
	}
	table_print(t);
	table_free(t);
	buf_free(&text);
}

static void
ruling_json(struct json *j, const struct ruling *r)
{
	const struct fault *f;
	size_t i;

	json_object(j, NULL);
	json_time(j, "at", r->at);
	json_str(j, "commit", r->commit);
	json_str(j, "event", event_name(r->event));
	if (r->event == EVENT_ENDORSE)
		json_str(j, "decision", event_name(r->decision));
	json_str(j, "number", r->number[0] == '\0' ? NULL : r->number);
	json_str(j, "from", state_name(r->from));
	json_str(j, "to", state_name(r->to));
	json_str(j, "request", r->request == REQUEST_NONE ? NULL :
	    request_name(r->request));
	json_num(j, "revision", r->revision);
	json_str(j, "file", r->file);
	json_str(j, "note", r->note);
	json_str(j, "list", r->list[0] == '\0' ? NULL : r->list);
	json_array(j, "deciders");
	for (i = 0; i < r->n_deciders; i++) {
		json_object(j, NULL);
		json_str(j, "name", r->deciders[i].name);
		json_str(j, "evidence",
		    evidence_name(r->deciders[i].evidence));
		json_object_end(j);
	}
	json_array_end(j);
	json_array(j, "faults");
	for (f = r->faults.list; f < r->faults.list + r->faults.n; f++) {
		json_object(j, NULL);
		json_num(j, "code", f->code);
		json_str(j, "text", fault_text(f));
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void
history_json(struct json *j, const char *key, const struct rulings *all)
{
	size_t i;

	json_array(j, key);
	for (i = 0; i < all->n; i++)
		ruling_json(j, &all->list[i]);
	json_array_end(j);
}

/* docket show */

static void
print_row(const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	printf("  %-18s  ", key);
	out_text(STYLE_PLAIN, value);
	putchar('\n');
}

static void
print_fields(const struct facts *facts)
{
	const char *at = facts->fields;
	struct field f = FIELD_INIT;
	char *label, *value;

	while (facts_next(&at, &f)) {
		label = mem_strn(f.label, (size_t)f.label_len);
		value = mem_strn(f.value, (size_t)f.value_len);
		print_row(label, value);
		free(label);
		free(value);
	}
}

struct papers {
	const struct reading *reading;
	enum state	 tray;
};

static int
print_paper(void *arg, const char *name)
{
	const struct papers *p = arg;

	printf("  %s/%s/%s\n", p->reading->desk.path, state_name(p->tray),
	    name);
	return 0;
}

/* Signed lists are in the ledger only. */
static void
print_lists(const struct reading *r, const struct rulings *history)
{
	const struct ruling *ruling;
	char path[LEDGER_PATH];
	size_t i;

	for (i = 0; i < history->n; i++) {
		ruling = &history->list[i];
		if (ruling->list[0] != '\0' && ruling->n_deciders > 0)
			printf("  %s/ledger.git: %s (%s)\n", r->desk.path,
			    ledger_list_path(path, ruling->list, NULL),
			    ruling->deciders[0].name);
	}
}

static void
print_papers(const struct reading *r, const char *number,
    const struct rulings *history)
{
	struct papers p = { r, STATE_PENDING };

	puts("\nPapers");
	for (; p.tray < STATE_COUNT; p.tray++)
		ledger_papers(r->ledger, p.tray, number, print_paper, &p);
	print_lists(r, history);
}

/* "pending for 3 days", "in force until 2027-12-31" */
static void
print_standing(const struct casefile *c)
{
	char span[SPAN_TEXT];

	out_text(STYLE_HEAD, c->number);
	fputs("  ", stdout);
	out_text(out_state_style(c->state), state_name(c->state));
	if (c->state == STATE_APPROVED && c->in_force)
		printf(", in force%s%s", c->facts.expiry[0] == '\0' ? "" :
		    " until ", c->facts.expiry);
	else if (c->state == STATE_APPROVED)
		printf(", in force from %s", c->facts.effective);
	if (c->request != REQUEST_NONE)
		printf(", %s asked", request_name(c->request));
	if (c->waiting > 0)
		printf(", waiting for a decision for %s", span_text(span,
		    (clock_now() - c->waiting) * 1000));
	putchar('\n');
}

/* "Review  1 of 2: alice; waiting for security": with every signature looked
 * at once more, so that it says what the next decision will find. */
static void
print_review(const struct reading *r, const struct rules *rules,
    const struct casefile *c, enum event decision)
{
	const struct priors_from from = { .ledger = r->ledger,
	    .rules = rules, .settings = &r->settings, .now = clock_now() };
	char name[PAPER_NAME], key[32];
	struct buf text = BUF_INIT;
	struct priors priors;
	struct paper about;
	size_t i;

	if (paper_parse(casefile_decided_paper(c, decision, name), &about) !=
	    0)
		return;
	priors_gather(&from, c, &about, decision == EVENT_REVOKE ?
	    STATE_APPROVED : STATE_PENDING, decision, &priors);
	cmd_put_progress(&r->settings, c, decision, &priors, &text);
	for (i = 0; i < priors.n; i++)
		if (!priors.list[i].stands)
			buf_putf(&text, "%s%s counts no longer",
			    text.len == 0 ? "" : "; ", priors.list[i].said.who);
	snprintf(key, sizeof(key), "%s", decision == EVENT_APPROVE ?
	    "review" : cmd_noun(decision));
	key[0] = (char)(key[0] - 'a' + 'A');
	print_row(key, buf_str(&text));
	buf_free(&text);
}

static void
print_reviews(const struct reading *r, const struct casefile *c)
{
	const enum event *e;
	struct rules rules;

	if ((c->endorsed == NULL && c->waiting == 0) ||
	    ledger_rules(r->ledger, ledger_head(r->ledger), &rules) != 0)
		return;
	for (e = cmd_decisions; *e != EVENT_COUNT; e++)
		print_review(r, &rules, c, *e);
	rules_free(&rules);
}

static struct key_lives
keys_of(const struct rulings *history)
{
	struct key_lives keys = { NULL, 0 };
	size_t i;

	for (i = 0; i < history->n; i++)
		key_lives_add(&keys, &history->list[i]);
	return keys;
}

static void
print_keys(const struct reading *r, const char *number,
    const struct rulings *history)
{
	struct key_lives keys = keys_of(history);

	key_lives_print(&keys, &r->desk, number);
	key_lives_free(&keys);
}

static void
keys_json(struct json *j, const struct reading *r, const char *number,
    const struct rulings *history)
{
	struct key_lives keys = keys_of(history);

	key_lives_json(&keys, &r->desk, number, j);
	key_lives_free(&keys);
}

static void
print_case(const struct reading *r, const struct casefile *c,
    const struct rulings *history)
{
	char when[TIME_TEXT];

	print_standing(c);
	print_row("Form", c->form);
	print_row("Came through", *c->box == '\0' ? "inbox" : c->box);
	print_row("Received", time_local(when, c->received));
	print_row("SHA-256", c->sha256);
	print_reviews(r, c);
	puts("\nFields");
	print_fields(&c->facts);
	if (c->request == REQUEST_CHANGE) {
		puts("\nAsked for instead");
		print_fields(&c->asked);
	}
	print_keys(r, c->number, history);
	print_papers(r, c->number, history);
	puts("\nHistory");
	print_history(history, false);
}

static int
show(struct reading *r, const char *number, enum format format)
{
	struct rulings history = { .ledger = r->ledger };
	struct buf out = BUF_INIT;
	struct casefile c;
	struct json j;
	int status = EXIT_DONE, found = index_case(r->index, number, &c);

	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 0)
		return cmd_nothing_found();
	if (index_commits_of(r->index, number, take_commit, &history) != 0)
		status = cmd_trouble(ledger_error());
	else if (format == FORMAT_JSON) {
		json_begin(&j, &out);
		json_object(&j, NULL);
		cmd_case_json(&j, &r->settings, &c);
		keys_json(&j, r, number, &history);
		history_json(&j, "history", &history);
		json_object_end(&j);
		json_end(&j);
		out_flush(&out);
	} else
		print_case(r, &c, &history);
	rulings_free(&history);
	casefile_free(&c);
	buf_free(&out);
	return status;
}

static const struct option format_option[] = {
	{ "format", required_argument, NULL, 'f' },
	{ NULL, 0, NULL, 0 },
};

static int
run_show(int argc, char **argv)
{
	enum format format = FORMAT_TABLE;
	struct reading r;
	int option, status;

	while ((option = cmd_option(&cmd_show, argc, argv, "f:",
	    format_option)) != -1)
		format = cmd_format(&cmd_show, optarg, false);
	if (argc - optind != 1)
		cmd_usage(&cmd_show, "which case?");
	status = cmd_open(&r);
	if (status == EXIT_DONE)
		status = show(&r, argv[optind], format);
	cmd_close(&r);
	return status;
}

const struct command cmd_show = {
	"show", run_show, "[--format table|json] NUMBER",
	"Show a case: its fields, its papers, its history",
	"  -f, --format table|json\n",
};

/* docket log */

static int
print_log(struct reading *r, const char *number, int64_t most,
    enum format format)
{
	struct rulings all = { .ledger = r->ledger };
	struct buf out = BUF_INIT;
	struct json j;
	int status;

	if (number != NULL)
		status = index_commits_of(r->index, number, take_commit, &all);
	else
		status = index_commits_last(r->index, most, take_commit,
		    &all);
	if (status != 0)
		status = cmd_trouble(ledger_error());
	else if (format == FORMAT_JSON) {
		json_begin(&j, &out);
		history_json(&j, NULL, &all);
		json_end(&j);
		out_flush(&out);
	} else if (all.n > 0)
		print_history(&all, number == NULL);
	if (status == 0 && all.n == 0)
		status = cmd_nothing_found();
	rulings_free(&all);
	buf_free(&out);
	return status;
}

static int
run_log(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "most", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	enum format format = FORMAT_TABLE;
	uint64_t most = 20;
	struct reading r;
	int option, status;

	while ((option = cmd_option(&cmd_log, argc, argv, "f:m:",
	    options)) != -1)
		if (option == 'f')
			format = cmd_format(&cmd_log, optarg, false);
		else if (!text_number(optarg, 1000000, &most))
			cmd_usage(&cmd_log, "--most takes a number");
	if (argc - optind > 1)
		cmd_usage(&cmd_log, "one case at a time");
	status = cmd_open(&r);
	if (status == EXIT_DONE)
		status = print_log(&r, optind < argc ? argv[optind] : NULL,
		    (int64_t)most, format);
	cmd_close(&r);
	return status;
}

const struct command cmd_log = {
	"log", run_log, "[--format table|json] [--most N] [NUMBER]",
	"Tell the history of a case, or what happened last",
	"  -f, --format table|json\n"
	"  -m, --most N             without NUMBER: so many (20), the newest "
	"first\n",
};

/* docket why */

/* What is said of an answer; beyond that, where it is. */
#define ANSWER_MAX (1u << 20)

/* The explanation that lies beside a case's papers. */
static void
print_refused(const struct reading *r, const char *number)
{
	struct buf text = BUF_INIT;
	char name[PAPER_NAME];
	enum state tray;

	snprintf(name, sizeof(name), "%s.refused.txt", number);
	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++) {
		buf_clear(&text);
		if (fs_read_file(r->desk.tray[tray], name, 65536, &text) != 0)
			continue;
		printf("\nThe last decision was undone (%s/%s):\n\n",
		    state_name(tray), name);
		fputs(buf_str(&text), stdout);
	}
	buf_free(&text);
}

static void
print_reason(const struct ruling *r)
{
	struct buf text = BUF_INIT;
	char when[TIME_TEXT];

	cmd_put_what(r, &text);
	buf_puts(&text, " by ");
	put_who(&text, r);
	printf("%s %s, %s, commit %.10s\n",
	    r->number[0] != '\0' ? r->number : r->file, buf_str(&text),
	    time_local(when, r->at), r->commit);
	buf_clear(&text);
	faults_block(&r->faults, &text);
	if (r->note != NULL)
		buf_putf(&text, "%s\n", r->note);
	fputs(buf_str(&text), stdout);
	buf_free(&text);
}

/* The last ruling, and why. */
static int
why_case(struct reading *r, const char *number)
{
	struct rulings all = { .ledger = r->ledger };
	struct casefile c;
	int found = index_case(r->index, number, &c);

	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 0)
		return cmd_nothing_found();
	print_standing(&c);
	if (index_commits_of(r->index, number, take_commit, &all) == 0 &&
	    all.n > 0)
		print_reason(&all.list[all.n - 1]);
	print_refused(r, number);
	rulings_free(&all);
	casefile_free(&c);
	return EXIT_DONE;
}

/* The digest of the form in a file at hand; "" if there is no such file. */
static void
digest_file(const char *name, char file[SHA256_HEX], char form[SHA256_HEX])
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct buf raw = BUF_INIT, inflated = BUF_INIT;

	file[0] = form[0] = '\0';
	if (fd >= 0 && fs_read(fd, LIMIT_PAPER, &raw) == 0) {
		hash_sha256(file, buf_str(&raw), raw.len);
		if (gunzip_is(buf_str(&raw), raw.len) && gunzip(raw.data,
		    raw.len, LIMIT_PAPER, LIMIT_RATIO, &inflated) == GUNZIP_OK)
			hash_sha256(form, inflated.data, inflated.len);
	}
	if (fd >= 0)
		close(fd);
	buf_free(&raw);
	buf_free(&inflated);
}

/* What a file was called in inbox, by what it is called there or in outbox;
 * the caller's to free. */
static char *
name_sent(const char *name)
{
	static const char *const folders[] = { "./", "inbox/", "outbox/" };
	static const char *const suffixes[] = { ".refused.txt",
	    ".refused.xml", ".sent" };
	size_t i, n;
	char *sent;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strncmp(name, folders[i], strlen(folders[i])) == 0)
			name += strlen(folders[i]);
	sent = mem_str(name);
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		n = strlen(sent);
		if (text_ends(sent, suffixes[i]))
			sent[n - strlen(suffixes[i])] = '\0';
	}
	return sent;
}

/* The number that a paper or an answer begins with; false: none. */
static bool
number_of(const char *name, char number[NUMBER_TEXT])
{
	const char *slash = strrchr(name, '/');
	size_t n;

	name = slash == NULL ? name : slash + 1;
	n = strcspn(name, ".");
	if (n >= NUMBER_TEXT)
		return false;
	snprintf(number, NUMBER_TEXT, "%.*s", (int)n, name);
	return number_valid(number);
}

/* The answer in outbox to a file that opened no case by itself: a batch, a
 * signed list, a form that was received before, one that is kept. */
static bool
print_answer(const struct reading *r, const char *sent)
{
	static const char *const suffixes[] = { ".decisions.txt",
	    ".batch.txt", ".duplicate.txt", ".held.txt" };
	struct buf name = BUF_INIT, text = BUF_INIT;
	bool found = false;
	size_t i, n = sizeof(suffixes) / sizeof(suffixes[0]);

	for (i = 0; i < n && !found; i++) {
		buf_clear(&name);
		buf_putf(&name, "%s%s", sent,
		    text_ends(sent, suffixes[i]) ? "" : suffixes[i]);
		/* where it is will do, of one that is too long to say */
		found = fs_read_file(r->desk.outbox, buf_str(&name),
		    ANSWER_MAX, &text) == 0 || errno == EFBIG;
	}
	if (found)
		printf("The answer is outbox/%s.\n%s%s", buf_str(&name),
		    text.len > 0 ? "\n" : "", buf_str(&text));
	buf_free(&name);
	buf_free(&text);
	return found;
}

/* What became of a file that was sent, by its bytes or its name; then the
 * case that a file of the desk's own is about; then what was answered. */
static int
why_file(struct reading *r, const char *name)
{
	struct rulings all = { .ledger = r->ledger };
	char file[SHA256_HEX], form[SHA256_HEX], number[NUMBER_TEXT];
	char *sent = name_sent(name);
	int status;
	size_t i;

	digest_file(name, file, form);
	status = index_commits_of_file(r->index, form[0] != '\0' ? form :
	    file, sent, 5, take_commit, &all);
	if (status == 0 && form[0] != '\0' && all.n == 0)
		status = index_commits_of_file(r->index, file, sent, 5,
		    take_commit, &all);
	if (status != 0)
		status = cmd_trouble(ledger_error());
	for (i = 0; i < all.n && status == 0; i++)
		print_reason(&all.list[i]);
	if (status == 0 && all.n == 0)
		status = number_of(name, number) ? why_case(r, number) :
		    print_answer(r, sent) ? EXIT_DONE : cmd_nothing_found();
	rulings_free(&all);
	free(sent);
	return status;
}

static int
run_why(int argc, char **argv)
{
	struct reading r;
	int status;

	while (cmd_option(&cmd_why, argc, argv, "", NULL) != -1)
		;
	if (argc - optind != 1)
		cmd_usage(&cmd_why, "which case or file?");
	status = cmd_open(&r);
	if (status == EXIT_DONE)
		status = number_valid(argv[optind]) ?
		    why_case(&r, argv[optind]) : why_file(&r, argv[optind]);
	cmd_close(&r);
	return status;
}

const struct command cmd_why = {
	"why", run_why, "NUMBER|FILE",
	"Say why a case stands where it does, or what became of a file",
	"FILE is a file at hand, known by its contents, or the name that it "
	"had in inbox\n(acme/key.xml); also that of a batch or of a signed "
	"list of decisions.\n",
};
