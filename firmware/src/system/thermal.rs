//! The processor's temperature.

use std::path::Path;

/// Where the kernel lists its thermometers.
pub(crate) const THERMAL: &str = "/sys/class/thermal";

/// The processor's temperature in thousandths of a degree Celsius: of the zone whose type names the CPU, else of the first.
pub(crate) fn cpu_millidegrees(thermal: &Path) -> Option<i32> {
    let mut zones: Vec<_> = std::fs::read_dir(thermal).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    zones.retain(|zone| zone.file_name().is_some_and(|name| name.to_string_lossy().starts_with("thermal_zone")));
    zones.sort();
    let is_cpu = |zone: &Path| {
        let kind = std::fs::read_to_string(zone.join("type")).unwrap_or_default().to_lowercase();
        kind.contains("cpu") || kind.contains("pkg") || kind.contains("soc")
    };
    let zone = zones.iter().find(|zone| is_cpu(zone)).or(zones.first())?;
    std::fs::read_to_string(zone.join("temp")).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(folder: &Path, name: &str, kind: &str, temperature: &str) {
        let zone = folder.join(name);
        std::fs::create_dir(&zone).unwrap();
        std::fs::write(zone.join("type"), kind).unwrap();
        std::fs::write(zone.join("temp"), temperature).unwrap();
    }

    #[test]
    fn the_temperature_is_that_of_the_cpu_zone() {
        let folder = tempfile::tempdir().unwrap();
        zone(folder.path(), "thermal_zone0", "acpitz\n", "20000\n");
        zone(folder.path(), "thermal_zone1", "cpu-thermal\n", "48312\n");
        std::fs::create_dir(folder.path().join("cooling_device0")).unwrap();
        assert_eq!(cpu_millidegrees(folder.path()), Some(48_312));
    }

    #[test]
    fn without_a_thermometer_there_is_no_temperature() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(cpu_millidegrees(folder.path()), None);
        assert_eq!(cpu_millidegrees(Path::new("/nowhere")), None);
        zone(folder.path(), "thermal_zone0", "cpu-thermal\n", "hot\n");
        assert_eq!(cpu_millidegrees(folder.path()), None);
    }
}
