# What surrounds the programs: the two commands of README.md, systemd, users.
dist_noinst_SCRIPTS += %D%/quickstart %D%/run-tests
EXTRA_DIST += %D%/cellblock.yaml %D%/packages.sh %D%/systemd/cellblock.service.in %D%/systemd/cellblock.socket \
	%D%/systemd/cellblock-discovery.socket %D%/sysusers.d/cellblock.conf
EXTRA_DIST += ARCHITECTURE.md HACKING.md LICENSE NEWS PERFORMANCE.md README.md SECURITY.md
dist_doc_DATA = %D%/avahi/cellblock.service
CLEANFILES += %D%/systemd/cellblock.service
if WITH_SYSTEMDSYSTEMUNITDIR
systemdsystemunit_DATA = %D%/systemd/cellblock.service %D%/systemd/cellblock.socket \
	%D%/systemd/cellblock-discovery.socket
endif
if WITH_SYSUSERSDIR
sysusers_DATA = %D%/sysusers.d/cellblock.conf
endif
%D%/systemd/cellblock.service: %D%/systemd/cellblock.service.in Makefile
	$(SUBST) $(srcdir)/%D%/systemd/cellblock.service.in > $@
