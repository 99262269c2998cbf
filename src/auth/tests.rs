//! Sessions end to end, on tokens that the real libraries minted.

use super::*;
use crate::config::{JwtConfig, Secret};
use axum::http::header::{AUTHORIZATION, COOKIE};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const NOW_SECONDS: i64 = 1_795_330_000;
const JWT_SECRET: &str = "an-own-secret-of-at-least-32-bytes";

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/support/nextauth-vectors.json")).unwrap()
}

fn token(version: &str) -> String {
    vectors()[version]["token"].as_str().unwrap().to_owned()
}

fn platform_secret() -> Secret {
    Secret::new(vectors()["secret"].as_str().unwrap())
}

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_SECONDS * 1_000)
}

fn authenticator(nextauth: &[Secret]) -> Authenticator {
    let jwt = JwtConfig { secrets: vec![Secret::new(JWT_SECRET)], ..JwtConfig::default() };
    Authenticator::new(&AuthConfig { nextauth_secrets: nextauth.to_vec(), jwt, ..AuthConfig::default() })
}

fn bearer(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())])
}

fn cookie(text: &str) -> HeaderMap {
    HeaderMap::from_iter([(COOKIE, text.parse().unwrap())])
}

fn user(session: Result<Session, Unauthenticated>) -> Result<String, Unauthenticated> {
    session.map(|session| session.identity.user_id.to_string())
}

#[test]
fn tokens_of_the_real_libraries_are_believed() {
    let auth = authenticator(&[platform_secret()]);
    for version in ["v4", "v5", "v5_secure"] {
        let session = auth.authenticate(&bearer(&token(version)), now()).expect(version);
        assert_eq!(session.carrier, Carrier::Bearer);
        let Identity { user_id, profile } = session.identity;
        assert_eq!(user_id.as_str(), "clx0user0001");
        assert_eq!(profile.name.as_ref().map(aggregates::Sealed::reveal), Some("Rara Putri"));
        assert_eq!(profile.username.as_ref().map(aggregates::Sealed::reveal), Some("rara"));
        assert_eq!(profile.role, Some(aggregates::user::UserRole::MemberPremium));
        assert_eq!(profile.avatar, None);
    }
}

#[test]
fn each_cookie_opens_with_its_own_key() {
    let auth = authenticator(&[platform_secret()]);
    for (name, version) in [
        ("next-auth.session-token", "v4"),
        ("__Secure-next-auth.session-token", "v4"),
        ("authjs.session-token", "v5"),
        ("__Secure-authjs.session-token", "v5_secure"),
    ] {
        let session = auth.authenticate(&cookie(&format!("{name}={}", token(version))), now());
        assert_eq!(session.expect(name).carrier, Carrier::Cookie);
    }
    for (name, version) in [("authjs.session-token", "v5_secure"), ("__Secure-authjs.session-token", "v5")] {
        let session = auth.authenticate(&cookie(&format!("{name}={}", token(version))), now());
        assert_eq!(session, Err(Unauthenticated::Invalid), "the name of the cookie is the salt of its key");
    }
}

#[test]
fn a_cookie_in_chunks_is_one_token() {
    let whole = token("v5");
    let (first, second) = whole.split_at(300);
    let headers = cookie(&format!("authjs.session-token.1={second}; authjs.session-token.0={first}"));
    assert!(authenticator(&[platform_secret()]).authenticate(&headers, now()).is_ok());
}

#[test]
fn a_stale_cookie_does_not_hide_a_good_one() {
    let headers = cookie(&format!("__Secure-authjs.session-token=a.b.c; next-auth.session-token={}", token("v4")));
    assert!(authenticator(&[platform_secret()]).authenticate(&headers, now()).is_ok());
}

#[test]
fn a_percent_encoded_bearer_token_is_decoded() {
    let encoded = token("v4").replace('.', "%2E");
    assert!(authenticator(&[platform_secret()]).authenticate(&bearer(&encoded), now()).is_ok());
}

#[test]
fn a_changed_bit_anywhere_is_noticed() {
    let auth = authenticator(&[platform_secret()]);
    for version in ["v4", "v5"] {
        let good = token(version);
        for index in (0..good.len()).filter(|index| good.as_bytes()[*index] != b'.') {
            let mut bad = good.clone().into_bytes();
            bad[index] = if bad[index] == b'A' { b'Q' } else { b'A' };
            let bad = String::from_utf8(bad).unwrap();
            // The last character of a part may carry bits that are no part of the bytes; the decoder refuses those.
            assert_eq!(auth.authenticate(&bearer(&bad), now()), Err(Unauthenticated::Invalid), "{version} at {index}");
        }
    }
}

#[test]
fn a_cut_off_tag_is_no_tag() {
    let auth = authenticator(&[platform_secret()]);
    for version in ["v4", "v5"] {
        let good = token(version);
        let (rest, _) = good.rsplit_once('.').unwrap();
        for tag in ["", "AA", "AAAAAAAAAAAAAAAA"] {
            assert!(auth.authenticate(&bearer(&format!("{rest}.{tag}")), now()).is_err());
        }
    }
}

#[test]
fn while_secrets_rotate_both_are_believed_and_then_only_the_new_one() {
    let new = Secret::new("the-new-secret");
    for version in ["v4", "v5", "v5_secure"] {
        let headers = bearer(&token(version));
        assert!(authenticator(&[new.clone(), platform_secret()]).authenticate(&headers, now()).is_ok());
        let after = authenticator(std::slice::from_ref(&new)).authenticate(&headers, now());
        assert_eq!(after, Err(Unauthenticated::Invalid), "{version}");
        assert!(authenticator(&[]).authenticate(&headers, now()).is_err());
    }
}

#[test]
fn a_session_ends_by_our_clock() {
    let exp = vectors()["v4"]["claims"]["exp"].as_i64().unwrap();
    let auth = authenticator(&[platform_secret()]);
    let at = |seconds: i64| auth.authenticate(&bearer(&token("v4")), Timestamp::from_millis(seconds * 1_000));
    assert!(at(exp + 14).is_ok());
    assert_eq!(at(exp + 15), Err(Unauthenticated::Invalid));
}

#[test]
fn without_a_token_nobody_is_somebody() {
    let auth = authenticator(&[platform_secret()]);
    assert_eq!(auth.authenticate(&HeaderMap::new(), now()), Err(Unauthenticated::NoCredentials));
    assert_eq!(auth.authenticate(&cookie("theme=dark"), now()), Err(Unauthenticated::NoCredentials));
    assert_eq!(auth.authenticate(&bearer("nonsense"), now()), Err(Unauthenticated::Invalid));
}

#[test]
fn a_wrong_bearer_token_is_not_made_up_for_by_a_cookie() {
    let mut headers = cookie(&format!("next-auth.session-token={}", token("v4")));
    headers.extend(bearer("a.b.c"));
    assert_eq!(authenticator(&[platform_secret()]).authenticate(&headers, now()), Err(Unauthenticated::Invalid));
}

fn own_token(config: &JwtConfig, seconds: u32) -> String {
    let user_id = UserId::parse("rara").unwrap();
    let new = NewToken { user_id: &user_id, name: Some("Rara"), username: None, role: None, issued_at: now(), seconds };
    mint(config, &new).unwrap()
}

fn jwt_config(secrets: &[&str]) -> JwtConfig {
    JwtConfig { secrets: secrets.iter().map(|text| Secret::new(*text)).collect(), ..JwtConfig::default() }
}

fn with_jwt(jwt: JwtConfig) -> Authenticator {
    Authenticator::new(&AuthConfig { jwt, ..AuthConfig::default() })
}

#[test]
fn our_own_token_is_believed_until_it_ends() {
    let config = jwt_config(&[JWT_SECRET]);
    let headers = bearer(&own_token(&config, 60));
    let auth = with_jwt(config);
    assert_eq!(user(auth.authenticate(&headers, now())), Ok("rara".into()));
    let later = Timestamp::from_millis((NOW_SECONDS + 75) * 1_000);
    assert_eq!(user(auth.authenticate(&headers, later)), Err(Unauthenticated::Invalid));
}

#[test]
fn our_own_secrets_rotate_too() {
    let headers = bearer(&own_token(&jwt_config(&["the-old-secret-of-at-least-32-bytes"]), 60));
    assert!(
        with_jwt(jwt_config(&[JWT_SECRET, "the-old-secret-of-at-least-32-bytes"]))
            .authenticate(&headers, now())
            .is_ok()
    );
    assert!(with_jwt(jwt_config(&[JWT_SECRET])).authenticate(&headers, now()).is_err());
}

#[test]
fn issuer_and_audience_are_checked_when_configured() {
    let given = JwtConfig { issuer: Some("us".into()), audience: Some("kabar".into()), ..jwt_config(&[JWT_SECRET]) };
    let headers = bearer(&own_token(&given, 60));
    assert!(with_jwt(given.clone()).authenticate(&headers, now()).is_ok());
    assert!(with_jwt(jwt_config(&[JWT_SECRET])).authenticate(&headers, now()).is_ok(), "not looked at");
    for wrong in [
        JwtConfig { issuer: Some("them".into()), ..given.clone() },
        JwtConfig { audience: Some("other".into()), ..given.clone() },
    ] {
        assert!(with_jwt(wrong).authenticate(&headers, now()).is_err());
    }
    let bare = bearer(&own_token(&jwt_config(&[JWT_SECRET]), 60));
    assert!(with_jwt(given).authenticate(&bare, now()).is_err(), "what is checked must be there");
}

#[test]
fn the_token_does_not_choose_its_algorithm() {
    let auth = with_jwt(jwt_config(&[JWT_SECRET]));
    let claims = json!({"sub": "rara", "exp": NOW_SECONDS + 60});
    for alg in ["none", "None", "HS384", "HS512", "RS256"] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "JWT"}).to_string());
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{header}.{body}");
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, JWT_SECRET.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes()));
        for signature in ["", tag.as_str()] {
            let token = format!("{signed}.{signature}");
            assert!(auth.authenticate(&bearer(&token), now()).is_err(), "{alg}");
        }
    }
    let secret = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    let other = jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims, &secret).unwrap();
    assert!(auth.authenticate(&bearer(&other), now()).is_err());
    let right = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
    assert!(auth.authenticate(&bearer(&right), now()).is_ok());
}

#[test]
fn a_token_without_an_end_or_without_a_name_is_refused() {
    let auth = with_jwt(jwt_config(&[JWT_SECRET]));
    let secret = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    for claims in
        [json!({"sub": "rara"}), json!({"exp": NOW_SECONDS + 60}), json!({"sub": "", "exp": NOW_SECONDS + 60})]
    {
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
        assert!(auth.authenticate(&bearer(&token), now()).is_err(), "{claims}");
    }
}

#[test]
fn no_secret_is_shown() {
    let auth = authenticator(&[platform_secret()]);
    let shown = format!("{auth:?}");
    assert!(!shown.contains("test-secret") && !shown.contains("own-secret"), "{shown}");
}

use jsonwebtoken::{Algorithm, EncodingKey, Header};
