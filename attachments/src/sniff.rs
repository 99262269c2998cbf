//! What a file is, from its first bytes. What a client says of it counts for nothing.
//!
//! Three answers: a type of the list below; bytes that nobody looks into (`application/octet-stream`), which is what pages
//! and scripts of browsers (HTML, SVG, XML) are kept as; and programs, which are not taken at all.

use infer::MatcherType;

/// Bytes from the beginning that are looked at, and kept in memory until then.
pub const HEAD_BYTES_MAX: usize = 256 * 1024;

/// Of what is not known, and of what a browser might carry out.
pub const BYTES: &str = "application/octet-stream";
const TEXT: &str = "text/plain";

/// What the library calls it and what we call it.
const KNOWN: [(&str, &str); 34] = [
    ("image/png", "image/png"),
    ("image/jpeg", "image/jpeg"),
    ("image/gif", "image/gif"),
    ("image/webp", "image/webp"),
    ("image/avif", "image/avif"),
    ("image/heif", "image/heif"),
    ("image/bmp", "image/bmp"),
    ("image/tiff", "image/tiff"),
    ("video/mp4", "video/mp4"),
    ("video/x-m4v", "video/mp4"),
    ("video/webm", "video/webm"),
    ("video/quicktime", "video/quicktime"),
    ("video/x-matroska", "video/x-matroska"),
    ("video/x-msvideo", "video/x-msvideo"),
    ("audio/mpeg", "audio/mpeg"),
    ("audio/m4a", "audio/mp4"),
    ("audio/ogg", "audio/ogg"),
    ("audio/opus", "audio/ogg"),
    ("audio/x-flac", "audio/flac"),
    ("audio/x-wav", "audio/wav"),
    ("audio/aac", "audio/aac"),
    ("audio/amr", "audio/amr"),
    ("application/pdf", "application/pdf"),
    ("application/zip", "application/zip"),
    ("application/gzip", "application/gzip"),
    ("application/x-7z-compressed", "application/x-7z-compressed"),
    ("application/vnd.rar", "application/vnd.rar"),
    ("application/epub+zip", "application/epub+zip"),
    ("application/rtf", "application/rtf"),
    ("text/rtf", "application/rtf"),
    ("application/msword", "application/msword"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
];

/// What a browser may show by itself; everything else is for downloading.
const SHOWN: [&str; 16] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "video/mp4",
    "video/webm",
    "video/quicktime",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/flac",
    "audio/wav",
    "audio/aac",
    "audio/amr",
];

const PROGRAM_BEGINNINGS: [&[u8]; 4] = [b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\0asm"];

/// Endings under which a system carries a file out when it is opened, whatever is in it.
const PROGRAM_ENDINGS: [&str; 24] = [
    "exe", "com", "scr", "pif", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "msi", "msp",
    "lnk", "jar", "apk", "app", "dmg", "sh", "reg", "cpl",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub media_type: &'static str,
    /// Width and height in pixels, of an image.
    pub size: Option<(u32, u32)>,
}

/// Not taken. Says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("programs and scripts are not taken")]
pub struct Dangerous;

/// `head` is the file's beginning: all of it, or [`HEAD_BYTES_MAX`].
pub fn sniff(head: &[u8]) -> Result<Kind, Dangerous> {
    let bytes = Kind { media_type: BYTES, size: None };
    // However short, which the library wants to be longer.
    if PROGRAM_BEGINNINGS.iter().any(|beginning| head.starts_with(beginning)) {
        return Err(Dangerous);
    }
    let Some(found) = infer::get(head) else {
        return Ok(if is_plain_text(head) { Kind { media_type: TEXT, ..bytes } } else { bytes });
    };
    if found.matcher_type() == MatcherType::App || found.mime_type() == "text/x-shellscript" {
        return Err(Dangerous);
    }
    let Some((_, media_type)) = KNOWN.iter().find(|(theirs, _)| *theirs == found.mime_type()) else {
        return Ok(bytes);
    };
    if !media_type.starts_with("image/") {
        return Ok(Kind { media_type, size: None });
    }
    // An image that does not say how large it is is broken, and nobody is shown it as one.
    Ok(match size_of(head) {
        Some(size) => Kind { media_type, size: Some(size) },
        None => bytes,
    })
}

/// Whether a browser may show it, not only download it.
pub fn is_shown(media_type: &str) -> bool {
    SHOWN.contains(&media_type)
}

/// Whether a file of this name is carried out where it is opened.
pub fn dangerous_name(name: &str) -> bool {
    let ending = name.trim_end_matches(['.', ' ']).rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| PROGRAM_ENDINGS.contains(&ending.as_str()))
}

fn size_of(head: &[u8]) -> Option<(u32, u32)> {
    let size = imagesize::blob_size(head).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    (width > 0 && height > 0).then_some((width, height))
}

/// UTF-8 without controls, which does not begin like a page.
fn is_plain_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end in the middle of a character.
        Err(error) if error.error_len().is_none() && head.len() == HEAD_BYTES_MAX => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    !text.is_empty() && !text.contains(controls) && !text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 by 2 pixels.
    const PNG: &[u8] = &[
        0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 3, 0, 0, 0, 2, 8,
        2, 0, 0, 0, 0, 0, 0, 0,
    ];
    const GIF: &[u8] = b"GIF89a\x05\x00\x04\x00\x00\x00\x00";

    fn kind(head: &[u8]) -> &'static str {
        sniff(head).expect("taken").media_type
    }

    #[test]
    fn an_image_is_known_by_its_bytes_and_has_a_size() {
        assert_eq!(sniff(PNG), Ok(Kind { media_type: "image/png", size: Some((3, 2)) }));
        assert_eq!(sniff(GIF), Ok(Kind { media_type: "image/gif", size: Some((5, 4)) }));
        assert_eq!(kind(&PNG[..12]), BYTES, "a broken one is not shown");
    }

    #[test]
    fn what_a_browser_would_carry_out_is_bytes_and_nothing_else() {
        for page in [
            "<!DOCTYPE html><script>alert(1)</script>",
            "<html><body onload=alert(1)>",
            " \n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "\u{feff}<svg onload='alert(1)'/>",
            "<?xml version='1.0'?><svg/>",
        ] {
            assert_eq!(kind(page.as_bytes()), BYTES, "{page}");
        }
        assert!(!is_shown(BYTES) && !is_shown(TEXT) && !is_shown("application/pdf") && is_shown("image/png"));
    }

    #[test]
    fn programs_are_not_taken() {
        let mut windows = vec![0; 512];
        windows[..2].copy_from_slice(b"MZ");
        for program in
            [&windows[..], b"\x7fELF\x02", b"#!/bin/sh\nrm -rf /\n", b"#! /usr/bin/env python3\n", b"\0asm\x01\0\0\0"]
        {
            assert_eq!(sniff(program), Err(Dangerous), "{program:?}");
        }
        for name in ["setup.EXE", "a.pdf.bat", "x.js", "x.exe. "] {
            assert!(dangerous_name(name), "{name}");
        }
        assert!(!dangerous_name("laporan.pdf") && !dangerous_name("exe") && !dangerous_name("a.jpeg"));
    }

    #[test]
    fn documents_and_sounds_are_called_by_one_name_each() {
        assert_eq!(kind(b"%PDF-1.7\n"), "application/pdf");
        assert_eq!(kind(b"PK\x03\x04rest of a zip"), "application/zip");
        assert_eq!(kind(b"ID3\x04rest of a song"), "audio/mpeg");
        assert_eq!(kind(b"fLaC\0rest"), "audio/flac");
        assert_eq!(kind(&[0x1a, 0x45, 0xdf]), BYTES);
        assert_eq!((kind("halo, apa kabar?\n".as_bytes()), kind(b"a\0b")), (TEXT, BYTES));
        assert_eq!(kind(b""), BYTES);
    }
}
