/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making identities, and giving each disk the one it already has. A UUID made at random is of
 * version 4, a derived one of version 8 (RFC 9562). There is no registered OUI behind an NGUID or
 * EUI-64 made here: theirs is marked as locally administered, which no vendor's ever is.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config_parse.h"
#include "broker/identity.h"
#include "broker/identity_store.h"
#include "common/nvme.h"
#include "common/wire.h"

enum { HASH_SIZE = crypto_generichash_BYTES };

_Static_assert(IDENTITY_KEY_SIZE == crypto_generichash_KEYBYTES, "the key of a hash");

/* The best one first. The last one is new at every boot, but needs nobody to have made it. */
static const char *const machine_ids[] = {
	"/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostid",
	"/proc/sys/kernel/random/boot_id", NULL,
};

static void
sodium_ready(void)
{
	if (sodium_init() == -1)
		abort();
}

/* 32 hexadecimal digits, with dashes or without; no machine is all zeroes. */
static bool
machine_id(const char *text, uint8_t id[16])
{
	char plain[33];
	size_t n = 0;

	for (; *text != '\0' && *text != '\n' && n < sizeof(plain) - 1; text++) {
		if (*text != '-')
			plain[n++] = *text;
	}
	plain[n] = '\0';
	return ((*text == '\0' || *text == '\n') && value_hex(plain, id, 16));
}

int
identity_key_from_file(const char *path, uint8_t key[IDENTITY_KEY_SIZE])
{
	static const uint8_t purpose[IDENTITY_KEY_SIZE] = "cellblock: identity of a machine";
	char text[64];
	uint8_t id[16];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	sodium_ready();
	if (fd == -1)
		return (-1);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n == -1)
		return (-1);
	text[n] = '\0';
	if (!machine_id(text, id)) {
		errno = EINVAL;
		return (-1);
	}
	crypto_generichash(key, IDENTITY_KEY_SIZE, id, sizeof(id), purpose, sizeof(purpose));
	sodium_memzero(id, sizeof(id));
	sodium_memzero(text, sizeof(text));
	return (0);
}

int
identity_machine_key(uint8_t key[IDENTITY_KEY_SIZE])
{
	for (size_t i = 0; machine_ids[i] != NULL; i++) {
		if (identity_key_from_file(machine_ids[i], key) == 0)
			return (0);
	}
	errno = ENOENT;
	return (-1);
}

static void
set_uuid_version(uint8_t uuid[16], unsigned version)
{
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | version << 4);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

/* The first byte of an OUI: of one thing, not of a group; made here, not registered. */
static void
set_local_oui(uint8_t *oui)
{
	*oui = (uint8_t)((*oui & ~0x01) | 0x02);
}

/* NGUID: eight bytes of our own, then the OUI; EUI-64: the OUI comes first. */
static void
set_forms(struct identity *id, unsigned uuid_version)
{
	set_uuid_version(id->uuid, uuid_version);
	set_local_oui(&id->nguid[8]);
	set_local_oui(&id->eui64[0]);
}

static void
set_serial(char serial[CONFIG_SERIAL_SIZE], const uint8_t bytes[8])
{
	char hex[VALUE_SIZE];

	snprintf(serial, CONFIG_SERIAL_SIZE, "CB%.16s", format_hex(bytes, 8, hex));
}

/* What is hashed for one identity: every part ends in a NUL or has a fixed length, so that no two
 * things share a text. */
static void
derive(const uint8_t *key, const char *what, const char *nqn, uint32_t nsid, const char *backend,
    void *out, size_t len)
{
	crypto_generichash_state st;
	struct le32 n = le32(nsid);
	uint8_t hash[HASH_SIZE];

	crypto_generichash_init(&st, key, IDENTITY_KEY_SIZE, sizeof(hash));
	crypto_generichash_update(&st, (const uint8_t *)what, strlen(what) + 1);
	crypto_generichash_update(&st, (const uint8_t *)nqn, strlen(nqn) + 1);
	crypto_generichash_update(&st, n.b, sizeof(n.b));
	crypto_generichash_update(&st, (const uint8_t *)backend, strlen(backend) + 1);
	crypto_generichash_final(&st, hash, sizeof(hash));
	memcpy(out, hash, len);
}

void
identity_subsystem_uuid(const uint8_t key[IDENTITY_KEY_SIZE], uint8_t uuid[16])
{
	sodium_ready();
	derive(key, "subsystem", "", 0, "", uuid, 16);
	set_uuid_version(uuid, 8);
}

static void
make_derived(struct identity *id, const uint8_t *key, const char *backend)
{
	uint8_t serial[8];

	derive(key, "serial", id->nqn, id->nsid, backend, serial, sizeof(serial));
	derive(key, "uuid", id->nqn, id->nsid, backend, id->uuid, sizeof(id->uuid));
	derive(key, "nguid", id->nqn, id->nsid, backend, id->nguid, sizeof(id->nguid));
	derive(key, "eui64", id->nqn, id->nsid, backend, id->eui64, sizeof(id->eui64));
	set_serial(id->serial, serial);
	set_forms(id, 8);
}

static void
make_random(struct identity *id)
{
	uint8_t serial[8];

	randombytes_buf(serial, sizeof(serial));
	randombytes_buf(id->uuid, sizeof(id->uuid));
	randombytes_buf(id->nguid, sizeof(id->nguid));
	randombytes_buf(id->eui64, sizeof(id->eui64));
	set_serial(id->serial, serial);
	set_forms(id, 4);
}

static bool
is_complete(const struct config_namespace *ns)
{
	return (!value_zero(ns->uuid, sizeof(ns->uuid)) &&
	    !value_zero(ns->nguid, sizeof(ns->nguid)) && !value_zero(ns->eui64, sizeof(ns->eui64)));
}

static void
take(uint8_t *into, const uint8_t *from, size_t len)
{
	if (value_zero(into, len))
		memcpy(into, from, len);
}

static void
take_namespace(struct config_namespace *ns, const struct identity *id)
{
	take(ns->uuid, id->uuid, sizeof(ns->uuid));
	take(ns->nguid, id->nguid, sizeof(ns->nguid));
	take(ns->eui64, id->eui64, sizeof(ns->eui64));
}

/* Where the identities come from: a key, or else the store. */
struct source {
	const uint8_t *key;
	struct identity_store *store;
	struct identity derived;
};

static const struct identity *
find_or_make(struct source *src, const char *nqn, uint32_t nsid, const char *backend)
{
	struct identity *id;

	if (src->store == NULL) {
		src->derived.nsid = nsid;
		strlcpy(src->derived.nqn, nqn, sizeof(src->derived.nqn));
		make_derived(&src->derived, src->key, backend);
		return (&src->derived);
	}
	if ((id = identity_store_find(src->store, nqn, nsid)) == NULL) {
		id = identity_store_add(src->store, nqn, nsid);
		make_random(id);
		src->store->changed = true;
	}
	return (id);
}

static void
fill_subsystem(struct config_subsystem *s, struct source *src)
{
	if (s->serial[0] == '\0')
		strlcpy(s->serial, find_or_make(src, s->nqn, 0, "")->serial, sizeof(s->serial));
	for (size_t i = 0; i < s->nnamespaces; i++) {
		struct config_namespace *ns = &s->namespaces[i];

		if (!is_complete(ns))
			take_namespace(ns, find_or_make(src, s->nqn, ns->nsid,
			    ns->path != NULL ? ns->path : "ram"));
	}
}

/* The name of the discovery subsystem that is ours alone (NVMe Base, Discovery controller). It is
 * made of a serial number, which is kept like any other. */
static void
fill_discovery(struct config_discovery *d, struct source *src)
{
	const struct identity *id;
	uint8_t hash[HASH_SIZE];
	char text[VALUE_SIZE];

	if (d->nqn[0] != '\0')
		return;
	id = find_or_make(src, NVME_DISCOVERY_NQN, 0, "");
	crypto_generichash(hash, sizeof(hash), (const uint8_t *)id->serial, strlen(id->serial),
	    NULL, 0);
	set_uuid_version(hash, 8);
	snprintf(d->nqn, sizeof(d->nqn), "nqn.2014-08.org.nvmexpress:uuid:%s",
	    format_uuid(hash, text));
}

static void
fill_all(struct config *cfg, struct source *src)
{
	fill_discovery(&cfg->discovery, src);
	for (size_t i = 0; i < cfg->nsubsystems; i++)
		fill_subsystem(&cfg->subsystems[i], src);
}

static bool
is_filled(const struct config *cfg)
{
	if (cfg->discovery.nqn[0] == '\0')
		return (false);
	for (size_t i = 0; i < cfg->nsubsystems; i++) {
		const struct config_subsystem *s = &cfg->subsystems[i];

		if (s->serial[0] == '\0')
			return (false);
		for (size_t j = 0; j < s->nnamespaces; j++) {
			if (!is_complete(&s->namespaces[j]))
				return (false);
		}
	}
	return (true);
}

/* mkdir -p: parents as everybody's, the last one as ours and our group's: openers have another uid. */
static int
make_dirs(const char *dir)
{
	char path[PATH_MAX], *slash = path;

	if (strlcpy(path, dir, sizeof(path)) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return (-1);
		*slash = '/';
	}
	if (mkdir(path, 0770) == -1)
		return (errno == EEXIST ? 0 : -1);
	return (chmod(path, 0770));	/* whatever the umask */
}

int
identity_state_dir(const char *dir, char *wrong, size_t size)
{
	struct stat st;
	int fd = -1;

	if (make_dirs(dir) == -1)
		goto fail;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 || flock(fd, LOCK_EX) == -1)
		goto fail;
	if ((st.st_mode & S_IWOTH) == 0)
		return (fd);
	snprintf(wrong, size, "expected that not everybody may write to it: chmod o-w");
	close(fd);
	return (-1);
 fail:
	snprintf(wrong, size, "%s (identities are kept there: the broker must be able to write)",
	    strerror(errno));
	if (fd != -1)
		close(fd);
	return (-1);
}

/* The directory may be new, and must outlive a power cut as what is in it. Who may not read the one
 * above it cannot see to that. */
static int
sync_above(int dir)
{
	int fd = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;

	if (fd == -1)
		return (errno == EACCES ? 0 : -1);
	ret = fsync(fd);
	close(fd);
	return (ret);
}

static int
fill_from_store(struct config *cfg, char *wrong, size_t size)
{
	struct identity_store store;
	struct source src = {.store = &store};
	int ret = -1, fd = identity_state_dir(cfg->service.state_dir, wrong, size);

	if (fd == -1)
		return (-1);
	identity_store_init(&store);
	if (identity_store_read(&store, fd, wrong, size) == 0) {
		fill_all(cfg, &src);
		ret = store.changed ? identity_store_write(&store, fd, wrong, size) : 0;
	}
	identity_store_free(&store);
	if (ret == 0 && (ret = sync_above(fd)) == -1)
		snprintf(wrong, size, "%s (above it)", strerror(errno));
	close(fd);
	return (ret);
}

int
identity_fill(struct config *cfg, const uint8_t *key, struct config_errors *errors)
{
	struct parse p = {.cfg = cfg, .errors = errors};
	struct source src = {.key = key};
	char wrong[CONFIG_ERROR_SIZE / 2];

	errors->n = 0;
	sodium_ready();
	if (is_filled(cfg))
		return (0);
	if (cfg->service.state_dir == NULL) {
		fill_all(cfg, &src);
	} else if (fill_from_store(cfg, wrong, sizeof(wrong)) == -1) {
		parse_error(&p, (struct config_mark){0, 0}, "state-dir %s: %s",
		    cfg->service.state_dir, wrong);
		return (-1);
	}
	config_check_identities(&p);
	return (errors->n == 0 ? 0 : -1);
}
