//! A serial line: opened raw, at any speed the hardware can.
//!
//! The speed is set by `TCSETS2` with `BOTHER`: any number of bits per second, and no `cfsetspeed`, whose symbol version
//! keeps a statically linked glibc program from linking. One of the few files with `unsafe`: two ioctls.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;

nix::ioctl_read_bad!(
    /// Reads the settings of a terminal line.
    tcgets2, libc::TCGETS2, libc::termios2);
nix::ioctl_write_ptr_bad!(
    /// Sets them at once.
    tcsets2, libc::TCSETS2, libc::termios2);

/// Opens the line for writing, without waiting for a carrier: raw, 8 data bits, no parity, 1 stop bit, no handshake.
///
/// # Errors
/// When there is no such device (now), it may not be opened, it is no terminal line, or it cannot do the speed.
pub(super) fn open(path: &Path, baud: u32) -> std::io::Result<File> {
    let file = File::options()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)?;
    set(&file, baud)?;
    Ok(file)
}

fn set(file: &File, baud: u32) -> std::io::Result<()> {
    // SAFETY:
    // - termios2 consists of integers only, for which all zeros is a value.
    let mut line: libc::termios2 = unsafe { core::mem::zeroed() };
    // SAFETY:
    // - the descriptor is open as long as `file` is borrowed.
    // - TCGETS2 writes one termios2, which `line` is, and keeps no pointer.
    unsafe { tcgets2(file.as_raw_fd(), &mut line) }?;
    line.c_iflag = libc::IGNBRK;
    line.c_oflag = 0;
    line.c_lflag = 0;
    line.c_cflag = libc::CS8 | libc::CREAD | libc::CLOCAL | libc::BOTHER;
    line.c_ispeed = baud;
    line.c_ospeed = baud;
    // SAFETY:
    // - the descriptor is open as long as `file` is borrowed.
    // - TCSETS2 reads one termios2, which `line` is, and keeps no pointer.
    unsafe { tcsets2(file.as_raw_fd(), &line) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_raw_and_has_the_speed_that_was_asked() {
        let pty = nix::pty::openpty(None, None).unwrap();
        let path = nix::unistd::ttyname(&pty.slave).unwrap();
        let file = open(&path, 250_000).unwrap();
        // SAFETY:
        // - termios2 consists of integers only, for which all zeros is a value.
        let mut line: libc::termios2 = unsafe { core::mem::zeroed() };
        // SAFETY:
        // - the descriptor is open, and TCGETS2 writes one termios2.
        unsafe { tcgets2(file.as_raw_fd(), &mut line) }.unwrap();
        assert_eq!((line.c_ospeed, line.c_oflag & libc::OPOST), (250_000, 0));
        assert_eq!(line.c_lflag & (libc::ECHO | libc::ICANON | libc::ISIG), 0);
    }

    #[test]
    fn what_is_no_line_is_an_error() {
        assert!(open(Path::new("/dev/null"), 115_200).is_err());
        assert!(open(Path::new("/dev/nowhere"), 115_200).is_err());
    }
}
