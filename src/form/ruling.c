/*
 * ruling: one state change, and its commit message; decode.c reads it.
 *
 * May not: know how a commit is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
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
ruling_title(const struct ruling *r, struct buf *out)
{
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
	ruling_title(r, out);
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
