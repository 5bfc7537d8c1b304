/*
 * ruling: one state change, and its commit message.
 *
 * May not: know how a commit is written.
 * A fault of the ledger: a message that is not one of ours (decode fails).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "log.h"
#include "text.h"

#include "limit.h"
#include "ruling.h"

static const char *const evidence_names[EVIDENCE_COUNT] = {
	[EVIDENCE_NONE] = "none",
	[EVIDENCE_POLICY] = "policy",
	[EVIDENCE_MOVE] = "move",
	[EVIDENCE_OWNER] = "owner",
	[EVIDENCE_SIGNATURE] = "signature",
};

const char *
evidence_name(enum evidence e)
{
	return evidence_names[e];
}

enum evidence
evidence_named(const char *name)
{
	unsigned i;

	for (i = 0; i < EVIDENCE_COUNT; i++)
		if (strcmp(name, evidence_names[i]) == 0)
			break;
	return (enum evidence)i;
}

void
ruling_init(struct ruling *r)
{
	*r = (struct ruling){ .uid = -1 };
}

void
ruling_free(struct ruling *r)
{
	size_t i;

	free(r->form);
	free(r->client);
	free(r->label);
	free(r->catalog);
	free(r->note);
	free(r->box);
	free(r->intake);
	free(r->file);
	free(r->subjects);
	free(r->answers);
	for (i = 0; i < r->n_deciders; i++) {
		free(r->deciders[i].name);
		free(r->deciders[i].key);
	}
	free(r->deciders);
	for (i = 0; i < r->n_ops; i++) {
		free(r->ops[i].path);
		free(r->ops[i].to);
		free(r->ops[i].data);
	}
	free(r->ops);
	faults_free(&r->faults);
	facts_free(&r->facts);
	ruling_init(r);
}

static struct op *
add_op(struct ruling *r, enum op_kind kind, const char *path)
{
	struct op *op;

	r->ops = mem_grow(r->ops, r->n_ops + 1, sizeof(*r->ops));
	op = &r->ops[r->n_ops++];
	*op = (struct op){ .kind = kind, .path = mem_str(path) };
	return op;
}

void
ruling_put(struct ruling *r, const char *path, const char *data, size_t n)
{
	struct op *op = add_op(r, OP_PUT, path);

	op->data = mem_strn(data, n);
	op->len = n;
}

void
ruling_move(struct ruling *r, const char *from, const char *to)
{
	add_op(r, OP_MOVE, from)->to = mem_str(to);
}

void
ruling_drop(struct ruling *r, const char *path)
{
	add_op(r, OP_DROP, path);
}

void
ruling_decider(struct ruling *r, const char *name, enum evidence e, long uid,
    const char *key)
{
	r->deciders = mem_grow(r->deciders, r->n_deciders + 1,
	    sizeof(*r->deciders));
	r->deciders[r->n_deciders++] = (struct decider){ mem_str(name), e,
	    uid, mem_str(key) };
}

void
ruling_subject(struct ruling *r, const char *file)
{
	struct buf b = BUF_INIT;

	if (r->subjects != NULL)
		buf_puts(&b, r->subjects);
	text_line(&b, file, strlen(file), 1024);
	buf_putc(&b, '\n');
	free(r->subjects);
	r->subjects = buf_take(&b);
}

bool
ruling_next_answer(const char **at, char *box)
{
	size_t n;

	if (*at == NULL || **at == '\0')
		return false;
	n = strcspn(*at, "\n");
	if (n > LIMIT_BOX)
		return false;
	memcpy(box, *at, n);
	box[n] = '\0';
	*at += n + ((*at)[n] != '\0');
	return true;
}

void
ruling_answer(struct ruling *r, const char *box)
{
	const char *at = r->answers;
	char known[LIMIT_BOX + 1];
	struct buf b = BUF_INIT;

	while (ruling_next_answer(&at, known))
		if (strcmp(known, box) == 0)
			return;
	if (r->answers != NULL)
		buf_puts(&b, r->answers);
	buf_putf(&b, "%s\n", box);
	free(r->answers);
	r->answers = buf_take(&b);
}

bool
ruling_is_part(const struct ruling *r)
{
	return r->intake != NULL && r->list[0] == '\0' &&
	    strchr(r->intake, '/') != NULL &&
	    (r->event == EVENT_RECEIVE || r->event == EVENT_RESUBMIT ||
	    r->event == EVENT_REVISE || r->event == EVENT_ASK);
}

const char *
ruling_paper(const struct ruling *r, char name[PAPER_NAME])
{
	struct paper p = { .revision = r->revision };

	name[0] = '\0';
	if (r->number[0] == '\0' || r->revision == 0)
		return name;
	strcpy(p.number, r->number);
	p.kind = paper_of_request(r->request);
	return paper_name(name, &p);
}

/* The message: subject, note, trailers. */

static void
put_list(struct buf *out, const char *lines, size_t most)
{
	const char *end;
	size_t i;

	for (i = 0; lines != NULL && *lines != '\0'; i++, lines = end + 1) {
		end = strchr(lines, '\n');
		if (i == most) {
			buf_puts(out, ", \xe2\x80\xa6");
			return;
		}
		buf_puts(out, i == 0 ? "" : ", ");
		buf_put(out, lines, (size_t)(end - lines));
	}
}

static void
put_codes(struct buf *out, const struct faults *faults)
{
	size_t i;

	for (i = 0; i < faults->n && i < 5; i++)
		buf_putf(out, "%s%u", i == 0 ? "" : ", ",
		    faults->list[i].code);
}

static void
put_desk_subject(const struct ruling *r, struct buf *out)
{
	switch (r->event) {
	case EVENT_INIT:
		buf_puts(out, "desk opened: ");
		put_list(out, r->subjects, 5);
		break;
	case EVENT_RULES:
		buf_puts(out, "rules changed: ");
		put_list(out, r->subjects, 3);
		break;
	case EVENT_RESTORE:
		buf_puts(out, "restored: ");
		put_list(out, r->subjects, 3);
		break;
	default:
		buf_puts(out, "refused: ");
		text_line(out, r->file, strlen(r->file), 100);
		buf_puts(out, " (");
		put_codes(out, &r->faults);
		buf_putc(out, ')');
	}
}

void
ruling_subject_line(const struct ruling *r, struct buf *out)
{
	if (r->number[0] == '\0') {
		put_desk_subject(r, out);
		return;
	}
	buf_puts(out, r->number);
	/* with a case that ends, its open request is only taken along */
	if (r->request != REQUEST_NONE && r->event != EVENT_REVOKE &&
	    r->event != EVENT_EXPIRE && r->event != EVENT_SUPERSEDE)
		buf_putf(out, " %s", request_name(r->request));
	if (r->event == EVENT_ENDORSE)
		buf_putf(out, " %s", event_name(r->decision));
	buf_putf(out, " %s: ", event_past(r->event));
	if (r->label != NULL)
		text_line(out, r->label, strlen(r->label), 120);
	else
		buf_puts(out, r->form);
	if (r->client != NULL) {
		buf_puts(out, " (");
		text_line(out, r->client, strlen(r->client), 80);
		buf_putc(out, ')');
	}
}

/* Lines that git would take for a divider begin with a blank. */
char *
note_clean(const char *note)
{
	struct buf clean = BUF_INIT, out = BUF_INIT;
	const char *p, *end;

	text_block(&clean, note, strlen(note), LIMIT_NOTE);
	while (clean.len > 0 && strchr(" \n", clean.data[clean.len - 1]))
		buf_cut(&clean, clean.len - 1);
	for (p = buf_str(&clean); *p == '\n' || *p == ' '; p++)
		;
	for (; *p != '\0'; p = end + (*end != '\0')) {
		end = p + strcspn(p, "\n");
		if (strncmp(p, "---", 3) == 0)
			buf_putc(&out, ' ');
		buf_put(&out, p, (size_t)(end - p));
		buf_putc(&out, '\n');
	}
	buf_free(&clean);
	return out.len == 0 ? NULL : buf_take(&out);
}

static void
put_note(struct buf *out, const char *note)
{
	char *clean = note_clean(note);

	if (clean != NULL)
		buf_putf(out, "%s\n", clean);
	free(clean);
}

static void
put_trailer(struct buf *out, const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_putf(out, "%s: ", key);
	text_line(out, value, strlen(value), 4096);
	buf_putc(out, '\n');
}

static void
put_fault(struct buf *out, const struct fault *f)
{
	struct buf line = BUF_INIT;

	fault_line(f, &line);
	put_trailer(out, "Fault", buf_str(&line));
	buf_free(&line);
}

static void
put_parties(struct buf *out, const struct ruling *r)
{
	const struct decider *d;

	if (r->uid >= 0) {
		buf_putf(out, "Submitted-by: uid %ld", r->uid);
		if (r->box != NULL && *r->box != '\0')
			buf_putf(out, " (box %s)\n", r->box);
		else
			buf_puts(out, r->box != NULL ? " (inbox)\n" : "\n");
	}
	for (d = r->deciders; d < r->deciders + r->n_deciders; d++) {
		buf_putf(out, "Decided-by: %s (%s", d->name,
		    evidence_name(d->evidence));
		if (d->key != NULL)
			buf_putf(out, " %s", d->key);
		else if (d->uid >= 0)
			buf_putf(out, " uid %ld", d->uid);
		buf_puts(out, ")\n");
	}
}

static void
put_subjects(struct buf *out, const char *lines)
{
	const char *end;

	for (; lines != NULL && *lines != '\0'; lines = end + 1) {
		end = strchr(lines, '\n');
		buf_putf(out, "Path: %.*s\n", (int)(end - lines), lines);
	}
}

void
ruling_encode(const struct ruling *r, struct buf *out)
{
	char box[LIMIT_BOX + 1];
	const char *at;
	size_t i;

	ruling_subject_line(r, out);
	buf_puts(out, "\n\n");
	if (r->note != NULL)
		put_note(out, r->note);
	put_trailer(out, "Event", event_name(r->event));
	if (r->event == EVENT_ENDORSE)
		put_trailer(out, "Decision", event_name(r->decision));
	put_trailer(out, "Number", r->number);
	put_trailer(out, "Form", r->form);
	put_trailer(out, "Client", r->client);
	put_trailer(out, "Label", r->label);
	buf_putf(out, "State: %s -> %s\n", state_name(r->from),
	    state_name(r->to));
	if (r->request != REQUEST_NONE)
		buf_putf(out, "Request: %s %s -> %s\n",
		    request_name(r->request), state_name(r->request_from),
		    state_name(r->request_to));
	if (r->revision > 0)
		buf_putf(out, "Revision: %u\n", r->revision);
	put_parties(out, r);
	put_trailer(out, "List-SHA256", r->list);
	put_trailer(out, "Checked", r->checked);
	if (r->notice > 0)
		buf_putf(out, "Notice: %ud\n", r->notice);
	put_trailer(out, "Expiry", r->expiry);
	put_trailer(out, "Catalog", r->catalog);
	put_trailer(out, "Form-SHA256", r->sha256);
	put_trailer(out, "Key-SHA256", r->key);
	if (r->key_revision > 0)
		buf_putf(out, "Key-Revision: %u\n", r->key_revision);
	put_trailer(out, "Overlap", r->overlap);
	put_trailer(out, "File", r->file);
	put_subjects(out, r->subjects);
	for (i = 0; i < r->faults.n; i++)
		put_fault(out, &r->faults.list[i]);
	for (at = r->answers; ruling_next_answer(&at, box);)
		buf_putf(out, "Answer-to: %s%s\n",
		    *box == '\0' ? "inbox" : "box ", box);
	put_trailer(out, "Intake", r->intake);
}

/* Reading. */

static int
get_event(struct ruling *r, char *v)
{
	r->event = event_named(v);
	return r->event == EVENT_COUNT ? -1 : 0;
}

static int
get_decision(struct ruling *r, char *v)
{
	r->decision = event_named(v);
	return r->decision == EVENT_APPROVE || r->decision == EVENT_RETURN ||
	    r->decision == EVENT_REJECT || r->decision == EVENT_REVOKE ?
	    0 : -1;
}

static int
get_number(struct ruling *r, char *v)
{
	if (!number_valid(v))
		return -1;
	strcpy(r->number, v);
	return 0;
}

static int
set_text(char **to, const char *v)
{
	if (*to != NULL)
		return -1;
	*to = mem_str(v);
	return 0;
}

static int
get_form(struct ruling *r, char *v)
{
	return set_text(&r->form, v);
}

static int
get_client(struct ruling *r, char *v)
{
	return set_text(&r->client, v);
}

static int
get_label(struct ruling *r, char *v)
{
	return set_text(&r->label, v);
}

static int
get_catalog(struct ruling *r, char *v)
{
	return set_text(&r->catalog, v);
}

static int
get_file(struct ruling *r, char *v)
{
	return set_text(&r->file, v);
}

static int
get_intake(struct ruling *r, char *v)
{
	return set_text(&r->intake, v);
}

/* "pending -> approved" */
static int
get_states(char *v, enum state *from, enum state *to)
{
	char *arrow = strstr(v, " -> ");

	if (arrow == NULL)
		return -1;
	*arrow = '\0';
	*from = state_named(v);
	*to = state_named(arrow + 4);
	return *from == STATE_COUNT || *to == STATE_COUNT ? -1 : 0;
}

static int
get_state(struct ruling *r, char *v)
{
	return get_states(v, &r->from, &r->to);
}

static int
get_request(struct ruling *r, char *v)
{
	char *blank = strchr(v, ' ');

	if (blank == NULL)
		return -1;
	*blank = '\0';
	r->request = request_named(v);
	if (r->request == REQUEST_COUNT || r->request == REQUEST_NONE)
		return -1;
	return get_states(blank + 1, &r->request_from, &r->request_to);
}

static int
get_count(const char *v, unsigned *count)
{
	uint64_t n;

	if (!text_number(v, 999999, &n) || n == 0)
		return -1;
	*count = (unsigned)n;
	return 0;
}

static int
get_revision(struct ruling *r, char *v)
{
	return get_count(v, &r->revision);
}

static int
get_key_revision(struct ruling *r, char *v)
{
	return get_count(v, &r->key_revision);
}

static int
get_uid(const char *v, long *uid)
{
	uint64_t n;

	if (!text_number(v, 0xffffffff, &n))
		return -1;
	*uid = (long)n;
	return 0;
}

/* "uid 1004 (box acme)", "uid 1004 (inbox)"; "uid 1004" for the rules */
static int
get_submitter(struct ruling *r, char *v)
{
	char *paren = strchr(v, '('), *end = strrchr(v, ')');

	if (strncmp(v, "uid ", 4) == 0 && paren == NULL)
		return get_uid(v + 4, &r->uid);
	if (strncmp(v, "uid ", 4) != 0 || paren == NULL || end == NULL ||
	    end[1] != '\0' || paren == v + 4 || paren[-1] != ' ')
		return -1;
	paren[-1] = '\0';
	*end = '\0';
	if (get_uid(v + 4, &r->uid) != 0)
		return -1;
	if (strcmp(paren + 1, "inbox") == 0)
		return set_text(&r->box, "");
	if (strncmp(paren + 1, "box ", 4) != 0)
		return -1;
	return set_text(&r->box, paren + 5);
}

/* "alice (owner uid 1003)", "alice (signature SHA256:…)" */
static int
get_decider(struct ruling *r, char *v)
{
	char *paren = strrchr(v, '('), *end = strrchr(v, ')'), *uid;
	char *key = NULL;
	enum evidence evidence;
	long number = -1;

	if (paren == NULL || paren < v + 2 || end == NULL || end[1] != '\0' ||
	    end < paren)
		return -1;
	paren[-1] = '\0';
	*end = '\0';
	uid = strstr(paren + 1, " uid ");
	if (uid != NULL) {
		*uid = '\0';
		if (get_uid(uid + 5, &number) != 0)
			return -1;
	} else if ((key = strstr(paren + 1, " SHA256:")) != NULL)
		*key++ = '\0';
	evidence = evidence_named(paren + 1);
	if (evidence == EVIDENCE_COUNT ||
	    (key != NULL) != (evidence == EVIDENCE_SIGNATURE))
		return -1;
	ruling_decider(r, v, evidence, number, key);
	return 0;
}

static int
get_checked(struct ruling *r, char *v)
{
	int32_t day;

	if (day_parse(v, &day) != 0)
		return -1;
	strcpy(r->checked, v);
	return 0;
}

/* "7d" */
static int
get_notice(struct ruling *r, char *v)
{
	size_t n = strlen(v);
	uint64_t days;

	if (n < 2 || v[n - 1] != 'd')
		return -1;
	v[n - 1] = '\0';
	if (!text_number(v, LIMIT_NOTICE_DAYS, &days) || days == 0)
		return -1;
	r->notice = (unsigned)days;
	return 0;
}

static int
get_expiry(struct ruling *r, char *v)
{
	int32_t day;

	if (day_parse(v, &day) != 0)
		return -1;
	strcpy(r->expiry, v);
	return 0;
}

static int
get_sha256(struct ruling *r, char *v)
{
	if (!hash_is_sha256(v))
		return -1;
	strcpy(r->sha256, v);
	return 0;
}

static int
get_list(struct ruling *r, char *v)
{
	if (!hash_is_sha256(v))
		return -1;
	strcpy(r->list, v);
	return 0;
}

static int
get_key(struct ruling *r, char *v)
{
	if (!hash_is_sha256(v))
		return -1;
	strcpy(r->key, v);
	return 0;
}

static int
get_overlap(struct ruling *r, char *v)
{
	int64_t seconds;

	if (overlap_parse(v, &seconds) != 0)
		return -1;
	strcpy(r->overlap, v);
	return 0;
}

static int
get_path(struct ruling *r, char *v)
{
	ruling_subject(r, v);
	return 0;
}

/* "inbox" or "box acme" */
static int
get_answer(struct ruling *r, char *v)
{
	if (strcmp(v, "inbox") == 0)
		ruling_answer(r, "");
	else if (strncmp(v, "box ", 4) == 0 && strlen(v + 4) <= LIMIT_BOX &&
	    v[4] != '\0' && strchr(v, '/') == NULL)
		ruling_answer(r, v + 4);
	else
		return -1;
	return 0;
}

/* "2002 - line 9, Quota: …" */
static int
get_fault(struct ruling *r, char *v)
{
	char *dash = strstr(v, " - ");
	uint64_t code;

	if (dash == NULL)
		return -1;
	*dash = '\0';
	if (!text_number(v, 9999, &code))
		return -1;
	faults_add(&r->faults, (unsigned)code, 0, NULL, dash + 3);
	return 0;
}

static const struct {
	const char *key;
	int (*get)(struct ruling *, char *value);
} trailers[] = {
	{ "Event", get_event },
	{ "Decision", get_decision },
	{ "Number", get_number },
	{ "Form", get_form },
	{ "Client", get_client },
	{ "Label", get_label },
	{ "State", get_state },
	{ "Request", get_request },
	{ "Revision", get_revision },
	{ "Submitted-by", get_submitter },
	{ "Decided-by", get_decider },
	{ "List-SHA256", get_list },
	{ "Checked", get_checked },
	{ "Notice", get_notice },
	{ "Expiry", get_expiry },
	{ "Catalog", get_catalog },
	{ "Form-SHA256", get_sha256 },
	{ "Key-SHA256", get_key },
	{ "Key-Revision", get_key_revision },
	{ "Overlap", get_overlap },
	{ "File", get_file },
	{ "Path", get_path },
	{ "Fault", get_fault },
	{ "Answer-to", get_answer },
	{ "Intake", get_intake },
};
#define TRAILERS (sizeof(trailers) / sizeof(trailers[0]))

static int
decode_trailer(struct ruling *r, char *line)
{
	char *colon = strstr(line, ": ");
	size_t i;

	if (colon == NULL)
		return -1;
	*colon = '\0';
	if (colon[2 + strspn(colon + 2, " ")] == '\0' ||
	    !text_plain(colon + 2, strlen(colon + 2)))
		return -1;
	for (i = 0; i < TRAILERS; i++)
		if (strcmp(line, trailers[i].key) == 0)
			return trailers[i].get(r, colon + 2);
	return -1;
}

/* The last paragraph, which holds the trailers. */
static char *
last_paragraph(char *text)
{
	char *at = text, *next;

	while ((next = strstr(at, "\n\n")) != NULL)
		at = next + 2;
	return at;
}

/* A rotation says how long the old key stays good where that counts: when it
 * is asked for, and when it is approved, which issues the new one. */
static bool
has_its_key(const struct ruling *r)
{
	bool rotation = r->request == REQUEST_ROTATION &&
	    (r->event == EVENT_ASK || r->event == EVENT_APPROVE);

	if (rotation != (r->overlap[0] != '\0') ||
	    (r->key[0] != '\0') != (r->key_revision > 0))
		return false;
	if (rotation && r->event == EVENT_APPROVE)
		return r->key[0] != '\0';
	return r->key[0] == '\0' || r->event == EVENT_APPROVE ||
	    r->event == EVENT_RETIRE;
}

/* Whether it has what its event cannot be without: subject lines, receipts
 * and cases rely on that. */
static bool
is_whole(const struct ruling *r)
{
	if (!has_its_key(r))
		return false;
	if (r->event == EVENT_REFUSE)
		return r->number[0] == '\0' && r->file != NULL;
	if (r->event >= EVENT_INIT)
		return r->number[0] == '\0';
	if (r->event == EVENT_NOTIFY &&
	    (r->notice == 0 || r->expiry[0] == '\0'))
		return false;
	return r->number[0] != '\0' && r->form != NULL &&
	    (r->event != EVENT_ASK || r->request != REQUEST_NONE) &&
	    (r->event != EVENT_RETIRE || r->key[0] != '\0');
}

static int
decode_trailers(struct ruling *r, char *at)
{
	char *end;

	r->event = EVENT_COUNT;
	for (; *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		if (end == NULL)
			return -1;
		*end = '\0';
		if (decode_trailer(r, at) != 0)
			return -1;
	}
	return r->event == EVENT_COUNT || !is_whole(r) ? -1 : 0;
}

/* A note is as note_clean() leaves it. */
static int
decode_note(struct ruling *r, const char *p, size_t n)
{
	char *clean;
	int status;

	r->note = mem_strn(p, n);
	clean = note_clean(r->note);
	status = clean != NULL && strcmp(clean, r->note) == 0 ? 0 : -1;
	free(clean);
	return status;
}

int
ruling_decode(struct ruling *r, const char *p, size_t n)
{
	char *text = mem_strn(p, n), *body, *last;
	int status = -1;

	ruling_init(r);
	if (strlen(text) == n && (body = strstr(text, "\n\n")) != NULL) {
		body += 2;
		last = last_paragraph(body);
		/* the blank line between is not the note's */
		if (last == body || decode_note(r, body,
		    (size_t)(last - body) - 1) == 0)
			status = decode_trailers(r, last);
	}
	free(text);
	return status;
}
