/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration from the arguments of "cellblockd serve": one subsystem, one namespace for each
 * backend. It never says more than a file could, and it is checked like one. Without a file there
 * is nobody to name the hosts, so any host is admitted, and therefore only from this machine.
 */
#include "config.h"

#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config_parse.h"
#include "broker/identity.h"
#include "common/ipc_payload.h"

struct serve {
	struct parse *p;
	const char *discovery_port;
	const char *nqn;
};

struct opt {
	char letter;
	const char *arg;		/* NULL: none */
	const char *what;
	enum config_section in;
	const char *key;		/* NULL: set() */
	const char *text;		/* the value of an option without argument */
	void (*set)(struct serve *, const char *arg);
};

static void
set_foreground(struct serve *s, const char *arg)
{
	(void)arg;
	s->p->cfg->service.foreground = true;
}

static void
set_discovery_port(struct serve *s, const char *arg)
{
	s->discovery_port = arg;
}

static void
set_nqn(struct serve *s, const char *arg)
{
	s->nqn = arg;
}

static const struct opt opts[] = {
	{'d', NULL, "stay in the foreground", .set = set_foreground},
	{'F', NULL, "permit hosts to turn flow control off", SEC_TRANSPORT, "flow-control-off",
	    "permit", NULL},
	{'g', NULL, "permit header digests", SEC_TRANSPORT, "header-digest", "permit", NULL},
	{'G', NULL, "permit data digests", SEC_TRANSPORT, "data-digest", "permit", NULL},
	{'H', "MAXH2CDATA", "bytes of one H2CData PDU (256K)", SEC_TRANSPORT, "max-h2c-data", NULL,
	    NULL},
	{'l', "ADDRESS:PORT", "where to listen (127.0.0.1:4420)", SEC_LISTENER, "address", NULL,
	    NULL},
	{'n', "NQN", "the subsystem's name (made from the machine's id)", .set = set_nqn},
	{'P', "DISCOVERY-PORT", "a port for discovery only", .set = set_discovery_port},
	{'v', NULL, "log more", SEC_SERVICE, "log-level", "debug", NULL},
};

enum { NOPTS = sizeof(opts) / sizeof(opts[0]) };

void
config_serve_usage(FILE *f)
{
	fputs("usage: cellblockd serve", f);
	for (size_t i = 0; i < NOPTS; i++)
		fprintf(f, opts[i].arg != NULL ? " [-%c %s]" : " [-%c]", opts[i].letter,
		    opts[i].arg);
	fputs(" BACKEND...\n  BACKEND is ram:SIZE, a file or a block device\n", f);
	for (size_t i = 0; i < NOPTS; i++)
		fprintf(f, "  -%c %-15s %s\n", opts[i].letter,
		    opts[i].arg != NULL ? opts[i].arg : "", opts[i].what);
}

static struct config_mark
nowhere(const struct serve *s)
{
	return ((struct config_mark){s->p->file, 0});
}

static void *
section_base(struct config *cfg, enum config_section in)
{
	switch (in) {
	case SEC_SERVICE:
		return (&cfg->service);
	case SEC_TRANSPORT:
		return (&cfg->transport);
	default:
		return (&cfg->listeners[0]);
	}
}

static void
set_option(struct serve *s, const struct opt *o, const char *arg)
{
	if (o->set != NULL)
		o->set(s, arg);
	else
		key_set_text(s->p, o->in, o->key, section_base(s->p->cfg, o->in),
		    o->text != NULL ? o->text : arg);
}

/* Nothing is printed by getopt(): its complaints become errors like all others. */
static int
parse_options(struct serve *s, int argc, char **argv)
{
	char letters[2 * NOPTS + 2] = ":";
	size_t n = 1;
	int c;

	for (size_t i = 0; i < NOPTS; i++) {
		letters[n++] = opts[i].letter;
		if (opts[i].arg != NULL)
			letters[n++] = ':';
	}
	opterr = 0;
	optind = optreset = 1;	/* tests come here more than once */
	while ((c = getopt(argc, argv, letters)) != -1) {
		if (c == '?' || c == ':') {
			parse_error(s->p, nowhere(s), c == ':' ? "expected an argument of -%c" :
			    "expected another option, found -%c", optopt);
			continue;
		}
		for (size_t i = 0; i < NOPTS; i++) {
			if (opts[i].letter == c)
				set_option(s, &opts[i], optarg);
		}
	}
	return (optind);
}

static void
set_surroundings(struct serve *s, const struct config_surroundings *env)
{
	struct config_service *service = &s->p->cfg->service;
	char *path;

	key_set_text(s->p, SEC_SERVICE, "state-dir", service, "none");
	if (env->uid == 0)
		return;
	key_set_text(s->p, SEC_SERVICE, "sandbox", service, "prefer");
	if (env->runtime_dir == NULL || !value_path(env->runtime_dir)) {
		key_set_text(s->p, SEC_SERVICE, "control-socket", service, "none");
		return;
	}
	if (asprintf(&path, "%s/cellblock/control", env->runtime_dir) == -1)
		err(1, "configuration");
	key_set_text(s->p, SEC_SERVICE, "control-socket", service, path);
	free(path);
}

/* The default name: the same at every start, but the machine's id cannot be read from it. */
static void
set_subsystem(struct serve *s, const struct config_surroundings *env)
{
	struct config_subsystem *sub = &s->p->cfg->subsystems[0];
	char nqn[CONFIG_NQN_SIZE], buf[VALUE_SIZE];
	uint8_t uuid[16];

	if (s->nqn != NULL) {
		key_set_text(s->p, SEC_SUBSYSTEM, "nqn", sub, s->nqn);
		return;
	}
	identity_subsystem_uuid(env->machine_key, uuid);
	snprintf(nqn, sizeof(nqn), "nqn.2014-08.org.nvmexpress:uuid:%s", format_uuid(uuid, buf));
	key_set_text(s->p, SEC_SUBSYSTEM, "nqn", sub, nqn);
}

static void
set_discovery(struct serve *s)
{
	struct config *cfg = s->p->cfg;
	struct config_listener *l;
	uint64_t port;

	if (s->discovery_port == NULL)
		return;
	if (!value_number(s->discovery_port, &port) || port == 0 || port > UINT16_MAX) {
		parse_error(s->p, nowhere(s), "expected a port from 1 to 65535 for -P");
		return;
	}
	l = list_append(s->p, cfg, key_find(SEC_TOP, "listeners"));
	l->address = cfg->listeners[0].address;
	l->address.port = (uint16_t)port;
	l->discovery = true;
}

static void
set_admission(struct serve *s)
{
	struct config *cfg = s->p->cfg;
	char buf[CONFIG_ADDRESS_SIZE];

	if (config_address_is_loopback(&cfg->listeners[0].address)) {
		key_set_text(s->p, SEC_SUBSYSTEM, "allow-any-host", &cfg->subsystems[0], "true");
		return;
	}
	parse_error(s->p, nowhere(s), "expected a loopback address for -l, found '%s': serve admits "
	    "any host. To be reached from elsewhere, write a file that names them under 'hosts:', "
	    "see cellblock.yaml(5), and start cellblockd -f FILE",
	    config_address_format(&cfg->listeners[0].address, buf));
}

/* A path that is not absolute and plain is resolved; any other stays as it was spelled, because
 * /dev/vg0/vol1 means more than the /dev/dm-3 that it is today. */
static void
set_path(struct serve *s, struct config_namespace *ns, const char *arg)
{
	char *real, found[FOUND_SIZE];

	if (value_path(arg)) {
		key_set_text(s->p, SEC_NAMESPACE, "path", ns, arg);
		return;
	}
	if ((real = realpath(arg, NULL)) == NULL) {
		parse_error(s->p, nowhere(s), "expected ram:SIZE, a file or a device, found '%s': "
		    "%s", text_escape(arg, found, sizeof(found)), strerror(errno));
		return;
	}
	key_set_text(s->p, SEC_NAMESPACE, "path", ns, real);
	free(real);
}

static void
add_backend(struct serve *s, uint32_t nsid, const char *arg)
{
	struct config_namespace *ns = list_append(s->p, &s->p->cfg->subsystems[0],
	    key_find(SEC_SUBSYSTEM, "namespaces"));

	ns->head.at = nowhere(s);
	ns->nsid = nsid;
	if (strncmp(arg, "ram:", 4) == 0)
		key_set_text(s->p, SEC_NAMESPACE, "ram", ns, arg + 4);
	else
		set_path(s, ns, arg);
}

static void
add_backends(struct serve *s, int argc, char **argv)
{
	if (argc == 0)
		parse_error(s->p, nowhere(s), "expected a backend: ram:SIZE, a file or a device");
	if (argc > IPC_MAX_NS) {
		parse_error(s->p, nowhere(s), "expected at most %d backends, found %d",
		    IPC_MAX_NS, argc);
		return;
	}
	for (int i = 0; i < argc; i++)
		add_backend(s, (uint32_t)i + 1, argv[i]);
}

struct config *
config_from_serve(int argc, char **argv, const struct config_surroundings *env,
    struct config_errors *errors)
{
	struct parse p = {.errors = errors};
	struct serve s = {.p = &p};
	struct config_listener *l;
	struct config *cfg;
	int used;

	errors->n = 0;
	cfg = config_new(&p);
	config_add_file(cfg, "serve");
	l = list_append(&p, cfg, key_find(SEC_TOP, "listeners"));
	key_set_text(&p, SEC_LISTENER, "address", l, "127.0.0.1:4420");
	list_append(&p, cfg, key_find(SEC_TOP, "subsystems"));
	set_surroundings(&s, env);
	used = parse_options(&s, argc, argv);
	set_subsystem(&s, env);
	set_discovery(&s);
	set_admission(&s);
	add_backends(&s, argc - used, argv + used);
	return (config_finish(&p));
}

/* For a shell: plain when nothing in it means anything there. */
static void
print_quoted(FILE *f, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789/._:-";

	if (strspn(text, plain) == strlen(text)) {
		fputs(text, f);
		return;
	}
	fputc('\'', f);
	for (; *text != '\0'; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, f);
	fputc('\'', f);
}

static void
print_connect_line(FILE *f, const struct config_address *a, const char *nqn)
{
	char host[INET6_ADDRSTRLEN] = "ADDRESS";

	if (!value_zero(a->addr, sizeof(a->addr)))
		inet_ntop(a->family == CONFIG_INET ? AF_INET : AF_INET6, a->addr, host,
		    sizeof(host));
	fprintf(f, "nvme connect -t tcp -a %s -s %u -n ", host, a->port);
	print_quoted(f, nqn);
	fputc('\n', f);
}

/* One for each way in. What only systemd knows is left out, what is no address left to the reader. */
void
config_print_connect_lines(FILE *f, const struct config *cfg)
{
	for (size_t i = 0; i < cfg->nlisteners; i++) {
		const struct config_listener *l = &cfg->listeners[i];

		for (size_t j = 0; j < cfg->nsubsystems && !l->discovery; j++) {
			if (l->address.port != 0)
				print_connect_line(f, &l->address, cfg->subsystems[j].nqn);
		}
	}
}
