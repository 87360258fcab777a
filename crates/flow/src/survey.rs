//! A run over some images: each is read and looked at with what stands around it; then what they are judged with is
//! gathered once for all of them.

use std::collections::BTreeSet;

use plimsoll_inventory::{ImageInventory, Layers};
use plimsoll_model::{ImageReference, Scope};
use plimsoll_vulndb::{Generation, Matcher};

use crate::answers::Effort;
use crate::archives::Outlook;
use crate::error::Error;
use crate::event::Observer;
use crate::inventory::read_images;
use crate::knowledge::{Knowledge, gather, scopes};
use crate::neighbourhood::{Neighbourhood, look_around};
use crate::recognition::Recogniser;
use crate::scan::match_error;
use crate::session::Session;

/// Images that were read.
pub(crate) struct Survey<'s, 'o> {
    session: &'s Session,
    observer: Observer<'o>,
    recogniser: Option<Recogniser<'s>>,
    images: Vec<ImageInventory>,
    neighbourhoods: Vec<Neighbourhood>,
}

/// Images, and what they are judged with.
pub(crate) struct Gathered {
    /// The advisories; none where there are none at all.
    pub(crate) generation: Option<Generation>,
    /// In the order in which they were read.
    pub(crate) images: Vec<Surveyed>,
}

/// One image.
pub(crate) struct Surveyed {
    pub(crate) image: ImageInventory,
    pub(crate) neighbourhood: Neighbourhood,
    /// What the archives of its distribution have.
    pub(crate) outlook: Option<Outlook>,
}

impl<'s, 'o> Survey<'s, 'o> {
    /// Begins. Without an effort nothing around the images is looked at.
    pub(crate) fn open(
        session: &'s Session,
        effort: Option<Effort>,
        observer: Observer<'o>,
    ) -> Self {
        let recogniser = effort.map(|effort| Recogniser::open(session, effort, observer));
        Self { session, observer, recogniser, images: Vec::new(), neighbourhoods: Vec::new() }
    }

    pub(crate) fn session(&self) -> &'s Session {
        self.session
    }

    pub(crate) fn observer(&self) -> Observer<'o> {
        self.observer
    }

    /// Reads an image; gives how many it is, one for each platform asked for.
    pub(crate) fn read(&mut self, reference: &ImageReference) -> Result<usize, Error> {
        let read = read_images(self.session, reference, self.observer)?;
        let count = read.len();
        for image in read {
            let neighbourhood = match &self.recogniser {
                Some(recogniser) => look_around(recogniser, &image, self.observer),
                None => Neighbourhood::default(),
            };
            self.neighbourhoods.push(neighbourhood);
            // That was all that the lower layers alone were for, and they are large.
            self.images.push(ImageInventory { layers: Layers::default(), ..image });
        }
        Ok(count)
    }

    /// Reads several; gives why some are missing. One that cannot be read keeps none of the others from being judged.
    pub(crate) fn read_all(&mut self, references: &[ImageReference]) -> Vec<Error> {
        references.iter().filter_map(|reference| self.read(reference).err()).collect()
    }

    /// Asks archives and feeds, for the images and for those that could take their place.
    pub(crate) fn gather(self) -> Result<Gathered, Error> {
        if let Some(recogniser) = self.recogniser {
            recogniser.finish(self.observer);
        }
        let others: BTreeSet<Scope> =
            self.neighbourhoods.iter().flat_map(Neighbourhood::scopes).collect();
        let Knowledge { generation, outlooks } =
            gather(self.session, &self.images, others, self.observer)?;
        let parts = self.images.into_iter().zip(self.neighbourhoods).zip(outlooks);
        let surveyed = parts.map(|((image, neighbourhood), outlook)| Surveyed {
            image,
            neighbourhood,
            outlook,
        });
        Ok(Gathered { generation, images: surveyed.collect() })
    }
}

impl Surveyed {
    /// A matcher for an image and for those that could take its place: one opened without the latter's scopes could
    /// not tell "clears everything" from "nothing is known".
    pub(crate) fn matcher(&self, generation: Option<&Generation>) -> Result<Matcher, Error> {
        let others = self.neighbourhood.scopes();
        let wanted: Vec<Scope> = scopes(&self.image).into_iter().chain(others).collect();
        Matcher::open(generation, &wanted).map_err(match_error)
    }
}
