//! The words of actions: those of the JSON, which `--why-not` takes too.

use plimsoll_model::RemedyAction;

/// All that do something.
pub(crate) const ACTIONS: [RemedyAction; 5] = [
    RemedyAction::UpgradeImage,
    RemedyAction::UpgradeBase,
    RemedyAction::UpgradePackages,
    RemedyAction::RebaseAndPatch,
    RemedyAction::BumpDependency,
];

pub(crate) fn word(action: RemedyAction) -> &'static str {
    match action {
        RemedyAction::UpgradeImage => "upgrade_image",
        RemedyAction::UpgradeBase => "upgrade_base",
        RemedyAction::UpgradePackages => "upgrade_packages",
        RemedyAction::RebaseAndPatch => "rebase_and_patch",
        RemedyAction::BumpDependency => "bump_dependency",
        RemedyAction::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_json() {
        // The model's enum is written in the same words; a list of its own would drift silently.
        for action in ACTIONS {
            let debug = format!("{action:?}");
            let mut snake = String::new();
            for (at, letter) in debug.chars().enumerate() {
                if letter.is_uppercase() && at > 0 {
                    snake.push('_');
                }
                snake.extend(letter.to_lowercase());
            }
            assert_eq!(word(action), snake);
        }
    }
}
