//! Keeps container updates under control: detect, advise, mend, roll.
