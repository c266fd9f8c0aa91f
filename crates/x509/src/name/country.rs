//! Countries: ISO 3166-1 alpha-2.

/// The officially assigned codes.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
     BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
     FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO \
     IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH \
     MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
     PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
     TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Members of the European Economic Area, which QcQSCDlegislation must not name (EN 319 412-5, requirements §2.4).
const EEA: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK";

/// The assigned codes, in their order.
pub fn country_codes() -> impl Iterator<Item = &'static str> {
    COUNTRIES.split_whitespace()
}

/// Whether `code` is an assigned country code, in upper case.
pub(crate) fn is_country(code: &str) -> bool {
    code.len() == 2 && country_codes().any(|country| country == code)
}

/// Whether `code` is a member of the EEA, or `EU` or `EL`, which stand for one.
pub(crate) fn is_eea_country(code: &str) -> bool {
    code == "EU" || code == "EL" || EEA.split_whitespace().any(|country| country == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few() {
        assert!(is_country("GE") && is_country("TR") && is_country("EE"));
        assert!(
            !is_country("ge")
                && !is_country("XX")
                && !is_country("EU")
                && !is_country("G")
                && !is_country("")
        );
        assert_eq!(COUNTRIES.split_whitespace().count(), 249);
        assert_eq!(EEA.split_whitespace().count(), 30);
        assert!(is_eea_country("EU") && !is_eea_country("GE") && !is_eea_country("GB"));
    }
}
