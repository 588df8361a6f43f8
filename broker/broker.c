/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblock-broker: main. Reads the configuration that the arguments name (they are cellblockd's,
 * passed on unread) and either says what is wrong with it, or serves it.
 */
#include "config.h"

#include <sodium.h>

#include <err.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "broker/identity.h"
#include "common/sandbox.h"

#define DEFAULT_FILE SYSCONFDIR "/cellblock/cellblock.yaml"

struct options {
	const char *file;
	bool check, foreground;
	int verbose;
	int argc;		/* what is left: serve and its arguments */
	char **argv;
};

void
broker_fatal(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_errx("%s", text);
	exit(1);
}

static void
usage(void)
{
	fprintf(stderr, "usage: cellblockd [-dnvV] [-f file]\n       cellblockd [-dnv] ");
	config_serve_usage(stderr);
	exit(2);
}

/* Ends at the first word that is no option: "serve" has options of its own. */
static void
parse_options(int argc, char **argv, struct options *o)
{
	int c;

	*o = (struct options){ .file = DEFAULT_FILE };
	while ((c = getopt(argc, argv, "+df:nvV")) != -1) {
		switch (c) {
		case 'd':
			o->foreground = true;
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'v':
			o->verbose++;
			break;
		case 'V':
			printf("cellblock %s\n", PACKAGE_VERSION);
			exit(0);
		default:
			usage();
		}
	}
	o->argc = argc - optind;
	o->argv = argv + optind;
	if (o->argc > 0 && strcmp(o->argv[0], "serve") != 0)
		usage();
}

static struct config *
load(const struct options *o, struct config_errors *errors)
{
	uint8_t key[IDENTITY_KEY_SIZE];
	struct config_surroundings env = { .uid = getuid(), .runtime_dir = getenv("XDG_RUNTIME_DIR"),
	    .machine_key = identity_machine_key(key) == 0 ? key : NULL };

	if (o->argc > 0)
		return (config_from_serve(o->argc, o->argv, &env, errors));
	return (config_load(o->file, errors));
}

static struct config *
load_or_exit(const struct options *o)
{
	struct config_errors errors = { 0 };
	struct config *c = load(o, &errors);

	if (c == NULL || errors.n > 0) {
		config_errors_print(stderr, &errors);
		exit(1);
	}
	return (c);
}

static void
fill_identities(struct config *c)
{
	struct config_errors errors = { 0 };
	uint8_t key[IDENTITY_KEY_SIZE];
	bool have_key = identity_machine_key(key) == 0;

	if (identity_fill(c, have_key ? key : NULL, &errors) == 0)
		return;
	config_errors_print(stderr, &errors);
	exit(1);
}

static void
check_only(const struct options *o)
{
	struct config *c = load_or_exit(o);

	if (o->verbose > 0)
		config_print(stdout, c);
	config_free(c);
	exit(0);
}

int
main(int argc, char **argv, char **envp)
{
	static struct broker b;
	struct options o;

	setproctitle_init(argc, argv, envp);
	parse_options(argc, argv, &o);
	if (sodium_init() == -1)
		errx(1, "libsodium does not start");
	if (o.check)
		check_only(&o);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);	/* of a terminal: meant for the warden */
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (sandbox_receive_jail(ROLE_BROKER, &b.jail, &b.root, NULL, NULL) == -1)
		err(1, "first words (start cellblockd, not this program)");
	b.config = load_or_exit(&o);
	log_open(o.verbose > 0 ? LOG_DEBUG : (int)b.config->service.log_level);
	b.owner = getuid();
	b.serve = o.argc > 0;
	fill_identities(b.config);
	setproctitle("-broker: starting");
	start_run(&b);
	return (0);
}
