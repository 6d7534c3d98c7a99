################################################################################
#
# acoustic-monitor
#
################################################################################

# The sources are the repository that this tree is part of. Crates are downloaded by the build itself, by Cargo.lock's hashes:
# Buildroot vendors them only for packages that it downloads.
ACOUSTIC_MONITOR_VERSION = local
ACOUSTIC_MONITOR_SITE = $(BR2_EXTERNAL_MONITOR_PATH)/../..
ACOUSTIC_MONITOR_SITE_METHOD = local
ACOUSTIC_MONITOR_LICENSE = MIT or Apache-2.0
ACOUSTIC_MONITOR_DEPENDENCIES = host-rustc host-pkgconf alsa-lib
# Results of other builds and the fuzzing corpus are not copied.
ACOUSTIC_MONITOR_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude target --exclude artifacts --exclude corpus

define ACOUSTIC_MONITOR_BUILD_CMDS
	cd $(@D) && $(TARGET_MAKE_ENV) $(TARGET_CONFIGURE_OPTS) $(PKG_CARGO_ENV) PKG_CONFIG_ALLOW_CROSS=1 \
		cargo build --release --locked -p firmware --bin firmware
endef

define ACOUSTIC_MONITOR_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/target/$(RUSTC_TARGET_NAME)/release/firmware $(TARGET_DIR)/usr/bin/acoustic-monitor
	ln -sf acoustic-monitor $(TARGET_DIR)/usr/bin/firmware
	$(INSTALL) -d -m 0755 $(TARGET_DIR)/etc/acoustic-monitor
	$(@D)/image/container/configuration.sh /run/acoustic-monitor/status.json > $(TARGET_DIR)/etc/acoustic-monitor/monitor.toml
endef

define ACOUSTIC_MONITOR_USERS
	acoustic-monitor -1 acoustic-monitor -1 * - - audio,dialout Acoustic machine monitor
endef

define ACOUSTIC_MONITOR_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(ACOUSTIC_MONITOR_PKGDIR)/S60acoustic-monitor $(TARGET_DIR)/etc/init.d/S60acoustic-monitor
endef

define ACOUSTIC_MONITOR_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/image/systemd/acoustic-monitor.service \
		$(TARGET_DIR)/usr/lib/systemd/system/acoustic-monitor.service
endef

$(eval $(generic-package))
