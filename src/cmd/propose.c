/*
 * docket policy propose: writes the manifest that a change of the rules is
 * signed by.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"

#include "cmd.h"
#include "manifest.h"

/* Those of a manifest of before are good for nothing any more. */
static void
drop_signatures(const struct desk *d, const struct rules *rules)
{
	const struct rules_file *f;

	for (f = rules->files; f < rules->files + rules->n; f++)
		if (rules_is_signature(f->path))
			unlinkat(d->dir, f->path, 0);
}

static void
say_next(const struct settings *s, const struct buf *text)
{
	const char *group = s->rules_group;

	fwrite(buf_str(text), 1, text->len, stdout);
	printf("\nwritten to " MANIFEST ".");
	if (s->rules_quorum == 0)
		printf(" The policy in force asks for no signatures: the "
		    "change\ntakes effect without it.\n");
	else
		printf(" It takes effect with %u signature%s%s%s:\n\n"
		    "  ssh-keygen -Y sign -n policy@docket -f KEY "
		    MANIFEST "\n"
		    "  mv " MANIFEST ".sig " MANIFEST ".NAME.sig\n",
		    s->rules_quorum, s->rules_quorum == 1 ? "" : "s",
		    *group == '\0' ? "" : " of group ", group);
}

/* What is on the desk against what is in force. */
static int
write_manifest(struct reading *r, const struct rules *force,
    const struct rules *new)
{
	struct buf text = BUF_INIT;
	int status = EXIT_DONE;

	if (rules_same(force, new)) {
		cmd_say("the rules on the desk are those in force: there is "
		    "nothing to propose");
		return EXIT_NO;
	}
	manifest_put(&text, new, r->settings.desk_id,
	    manifest_serial(force) + 1);
	drop_signatures(&r->desk, new);
	if (fs_replace_shared(r->desk.dir, MANIFEST, text.data, text.len,
	    0644) != 0) {
		cmd_say(MANIFEST " cannot be written: %s", strerror(errno));
		status = EXIT_DESK;
	} else
		say_next(&r->settings, &text);
	buf_free(&text);
	return status;
}

static int
propose(struct reading *r)
{
	struct buf why = BUF_INIT;
	struct rules force, new;
	int status;

	if (rules_load(&new, &r->desk, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		buf_free(&why);
		return EXIT_DESK;
	}
	if (ledger_rules(r->ledger, ledger_head(r->ledger), &force) != 0)
		status = cmd_trouble(ledger_error());
	else {
		status = write_manifest(r, &force, &new);
		rules_free(&force);
	}
	rules_free(&new);
	buf_free(&why);
	return status;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	struct reading r;
	int status;

	while (cmd_option(&cmd_policy, argc, argv, "", options) != -1)
		;
	if (argc - optind != 1 || strcmp(argv[optind], "propose") != 0)
		cmd_usage(&cmd_policy, "propose is what it can do");
	status = cmd_open(&r);
	if (status == EXIT_DONE)
		status = propose(&r);
	cmd_close(&r);
	return status;
}

const struct command cmd_policy = {
	"policy", run, "propose",
	"Write the manifest that a change of the rules is signed by",
	"Change docket.conf, allowed_signers, revoked_keys or schemas/ first; "
	"then propose,\nand have " MANIFEST " signed.\n",
};
