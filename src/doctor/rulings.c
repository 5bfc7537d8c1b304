/*
 * rulings: the rules, those in force and those that lie on the desk.
 *
 * May not: commit a change, or refuse one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "text.h"

#include "fault.h"
#include "manifest.h"

#include "doctoring.h"
#include "rulebook.h"
#include "sshsig.h"

#define REFUSED ".refused.txt"

/* The line that says why: the first that is indented. */
static void
find_refused(struct doctor *d, const char *file, const char *answer)
{
	struct buf text = BUF_INIT, line = BUF_INIT;
	const char *at;

	if (fs_read_file(d->dir, answer, 65536, &text) != 0) {
		buf_free(&text);
		return;
	}
	at = strstr(buf_str(&text), "\n    ");
	if (at != NULL)
		text_line(&line, at + 5, strcspn(at + 5, "\n"), 400);
	doctor_find(d, GRADE_WARN, file, "A change of it was refused, and the "
	    "rules before it are in force: %s", buf_str(&line));
	doctor_remedy(d, "cd %s && git -C ledger.git show main:%s >%s; "
	    "rm -f %s", doctor_path(d, "."), file, file, answer);
	buf_free(&text);
	buf_free(&line);
}

/* Of all that are there. */
static bool
look_for_refused(struct doctor *d, const struct rules *rules)
{
	struct buf name = BUF_INIT;
	struct stat st;
	size_t i, before = d->n;

	for (i = 0; i < rules->n; i++) {
		buf_clear(&name);
		buf_putf(&name, "%s" REFUSED, rules->files[i].path);
		if (fstatat(d->dir, buf_str(&name), &st,
		    AT_SYMLINK_NOFOLLOW) == 0)
			find_refused(d, rules->files[i].path, buf_str(&name));
	}
	buf_free(&name);
	return d->n > before;
}

static void
say_faults(struct doctor *d, const struct faults *faults)
{
	const struct fault *f;
	char line[32];

	for (f = faults->list; f < faults->list + faults->n; f++) {
		snprintf(line, sizeof(line), "line %ld: ", f->line);
		doctor_find(d, GRADE_WARN, f->field, "It would be refused: "
		    "%s%s", f->line > 0 ? line : "", fault_text(f));
		if (rules_get(&d->rules, f->field) != NULL)
			doctor_remedy(d, "cd %s && git -C ledger.git show "
			    "main:%s >%s", doctor_path(d, "."), f->field,
			    f->field);
	}
}

/* Those that lie there, and are not in force: whether they could be. */
static void
judge_new(struct doctor *d, const struct rules *new)
{
	const struct rules_file *f = rules_get(new, "docket.conf");
	struct faults faults = FAULTS_INIT;
	struct settings s;
	struct conf_error e;

	if (settings_parse(&s, f->data, f->len, &e) != 0) {
		faults_add(&faults, FAULT_INVALID, (long)e.line,
		    "docket.conf", e.text);
	} else {
		if (settings_resolve(&s, &e, NULL) != 0)
			faults_add(&faults, FAULT_INVALID, (long)e.line,
			    "docket.conf", e.text);
		sshsig_check_rules(new, s.revocations, &faults);
		if (faults.n == 0)
			manifest_check(&d->rules, &d->settings, new, time(NULL),
			    NULL, &faults);
		settings_free(&s);
	}
	if (faults.n > 0)
		say_faults(d, &faults);
	else if (!d->is_run) {
		doctor_find(d, GRADE_NOTE, "docket.conf", "The rules on the "
		    "desk are not those in force; they are taken when the "
		    "desk is run.");
		doctor_remedy(d, "docket run --once %s", doctor_path(d, "."));
	}
	faults_free(&faults);
}

void
doctor_rules(struct doctor *d)
{
	struct buf why = BUF_INIT;
	struct rules new;

	if (!d->open || !d->settled)
		return;
	if (rules_load(&new, &d->desk, &why) != 0) {
		doctor_find(d, errno == EACCES ? GRADE_NOTE : GRADE_WARN,
		    NULL, "The rules on the desk cannot be read: %s",
		    buf_str(&why));
		if (errno != EACCES)
			doctor_remedy(d, "docket rebuild -C %s",
			    doctor_path(d, "."));
		buf_free(&why);
		return;
	}
	if (!look_for_refused(d, &new) && !rules_same(&new, &d->rules))
		judge_new(d, &new);
	rules_free(&new);
	buf_free(&why);
}

/* What is in force: a desk may have begun with it. */
void
doctor_revocations(struct doctor *d)
{
	struct faults faults = FAULTS_INIT;
	const struct fault *f;

	if (!d->settled)
		return;
	sshsig_check_rules(&d->rules, d->settings.revocations, &faults);
	for (f = faults.list; f < faults.list + faults.n; f++) {
		doctor_find(d, GRADE_WARN, f->field, "%s%s",
		    strcmp(f->field, "revoked_keys") == 0 ?
		    "No signature is good while it is so. " : "",
		    fault_text(f));
		if (strcmp(f->field, "revoked_keys") == 0)
			doctor_remedy(d, "cd %s && rm -f %s && ssh-keygen "
			    "-k -f %s", doctor_path(d, "."), f->field,
			    f->field);
	}
	if (faults.n == 0 && doctor_asks(d, EVIDENCE_SIGNATURE) &&
	    rules_get(&d->rules, "revoked_keys") == NULL) {
		doctor_find(d, GRADE_NOTE, "revoked_keys", "There is none: a "
		    "key that is lost can be taken out of allowed_signers "
		    "only. With review.revocations it cannot be forgotten.");
		doctor_remedy(d, "ssh-keygen -k -f %s",
		    doctor_path(d, "revoked_keys"));
	}
	faults_free(&faults);
}

/* The ledger's own key. */

static void
check_key_file(struct doctor *d, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		doctor_find(d, errno == EACCES ? GRADE_NOTE : GRADE_FAIL,
		    "ledger.signingKey", "%s: %s%s", path, strerror(errno),
		    errno == EACCES ? "" : ". Nothing can be committed "
		    "without it.");
		if (errno != EACCES)
			doctor_remedy(d, "ssh-keygen -t ed25519 -N '' -f %s",
			    path);
	} else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0 &&
	    !text_ends(path, ".pub")) {
		doctor_find(d, GRADE_WARN, "ledger.signingKey", "Others may "
		    "read %s: ssh-keygen does not sign with it.", path);
		doctor_remedy(d, "chmod 600 %s", path);
	}
}

void
doctor_signing(struct doctor *d)
{
	struct faults faults = FAULTS_INIT;
	struct buf path = BUF_INIT;
	size_t before = d->n;

	if (!d->settled || d->settings.signing_key == NULL || !d->open)
		return;
	if (d->settings.signing_key[0] != '/')
		buf_putf(&path, "%s/", d->path);
	buf_puts(&path, d->settings.signing_key);
	check_key_file(d, buf_str(&path));
	if (d->n == before && doctor_is_owner(d)) {
		rulebook_check_signing(&d->desk, &d->rules, &d->settings,
		    &faults);
		if (faults.n > 0) {
			doctor_find(d, GRADE_FAIL, "ledger.signingKey",
			    "Nothing can be committed: %s",
			    fault_text(&faults.list[0]));
			doctor_remedy(d, "echo \"docket namespaces=\\\"git\\\" "
			    "$(ssh-keygen -y -f %s)\" >>%s", buf_str(&path),
			    doctor_path(d, "allowed_signers"));
		}
	}
	faults_free(&faults);
	buf_free(&path);
}
